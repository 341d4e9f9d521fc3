"""The tables to migrate, and which names are equal to the server."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Self

from migrator.model.table import TableName

SYSTEM_DATABASES = frozenset({"information_schema", "mysql", "performance_schema", "sys"})
SPECIAL = re.compile(r"[\\*?.]")


@dataclass(frozen=True, slots=True)
class Scope:
    """The tables to migrate: all of `databases`, plus those of `include`, minus those of `exclude`.

    Patterns are `database.table` with `*` and `?`; a backslash escapes the next character.
    With `folds` the server ignores the case of names (lower_case_table_names).
    """

    databases: tuple[str, ...]
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    folds: bool = False

    def at(self, *, folds: bool) -> Self:
        """The same scope for a server that folds names, or does not."""
        return replace(self, folds=folds)

    def fold(self, name: str) -> str:
        """The form in which two names are equal if the server treats them as one."""
        return name.lower() if self.folds else name

    def folded(self, table: TableName) -> TableName:
        """The table's name, folded."""
        return TableName(self.fold(table.database), self.fold(table.name))

    def wants(self, table: TableName) -> bool:
        """Whether to migrate this table; system tables never are."""
        if table.database.lower() in SYSTEM_DATABASES:
            return False
        whole = self.fold(table.database) in map(self.fold, self.databases)
        chosen = whole or self._matches(table, self.include)
        return chosen and not self._matches(table, self.exclude)

    def reaches(self, database: str) -> bool:
        """Whether it may include tables of this database."""
        return self.fold(database) in map(self.fold, self.databases) or any(
            compiled(pattern, folds=self.folds)[0].fullmatch(database) for pattern in self.include
        )

    def _matches(self, table: TableName, patterns: Iterable[str]) -> bool:
        return any(
            one.fullmatch(table.database) and other.fullmatch(table.name)
            for one, other in (compiled(pattern, folds=self.folds) for pattern in patterns)
        )


@cache
def compiled(pattern: str, *, folds: bool = False) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The two parts of a pattern, for database and table, divided at its first dot.

    Raises ValueError if it has no dot or ends with half an escape.
    """
    parts: list[str] = [""]
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            following = next(characters, None)
            if following is None:
                raise ValueError(f"{pattern!r} ends with a backslash that escapes nothing")
            parts[-1] += re.escape(following)
        elif character == "." and len(parts) == 1:
            parts.append("")
        else:
            parts[-1] += {"*": ".*", "?": "."}.get(character) or re.escape(character)
    if len(parts) == 1:
        raise ValueError(f"{pattern!r} needs a database and a table, like shop.orders, shop.*")
    flags = re.DOTALL | (re.IGNORECASE if folds else 0)
    return re.compile(parts[0], flags), re.compile(parts[1], flags)


def pattern_of(table: TableName) -> str:
    """The pattern that matches only this table."""
    database = SPECIAL.sub(r"\\\g<0>", table.database)
    # Only the first dot divides, so a dot in the table's name needs no backslash.
    name = re.sub(r"[\\*?]", r"\\\g<0>", table.name)
    return f"{database}.{name}"
