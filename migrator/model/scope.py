"""Which tables are migrated, and when two names are one to the server."""

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
    """Which tables are migrated: all of `databases`, and those of `include`; never `exclude`.

    Patterns are `database.table` with `*` and `?`; a backslash takes its meaning from what
    follows. With `folds` the server does not tell capitals from small letters in names
    (lower_case_table_names).
    """

    databases: tuple[str, ...]
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    folds: bool = False

    def at(self, *, folds: bool) -> Self:
        """The same at a server that folds names, or does not."""
        return replace(self, folds=folds)

    def fold(self, name: str) -> str:
        """What two names have in common that the server takes for one."""
        return name.lower() if self.folds else name

    def folded(self, table: TableName) -> TableName:
        """The table's name, folded."""
        return TableName(self.fold(table.database), self.fold(table.name))

    def wants(self, table: TableName) -> bool:
        """Whether the table is one of them; system tables never are."""
        if table.database.lower() in SYSTEM_DATABASES:
            return False
        whole = self.fold(table.database) in map(self.fold, self.databases)
        chosen = whole or self._matches(table, self.include)
        return chosen and not self._matches(table, self.exclude)

    def reaches(self, database: str) -> bool:
        """Whether tables of this database may be among them."""
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
    """The database's and the table's part of a pattern, cut at the first dot.

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
    """The pattern that matches this table only."""
    database = SPECIAL.sub(r"\\\g<0>", table.database)
    # A dot in the table's name comes after the one that divides.
    name = re.sub(r"[\\*?]", r"\\\g<0>", table.name)
    return f"{database}.{name}"
