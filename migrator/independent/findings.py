"""What the comparison of a table finds. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from migrator.independent.values.form import DifferingField, form, shown
from migrator.model.table import TableName

KEPT_MAX = 10_000
"""Differences of one table that are kept; the others are counted only."""


class Kind(StrEnum):
    """What is wrong with a row, or its document."""

    DIFFERENT = "different"
    MISSING = "missing"
    EXTRA = "extra"
    UNREADABLE = "unreadable"
    """The row holds a value that an ordinary client cannot read."""
    UNSETTLED = "unsettled"
    """The row was changed before each look, and never seen equal."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that is not its document; `fields` are those that differ, none if one is absent."""

    table: TableName
    kind: Kind
    key: Any
    fields: tuple[DifferingField, ...] = ()

    def to_document(self, *, hide_values: bool) -> dict[str, Any]:
        """The difference for machines."""
        return {
            "table": str(self.table),
            "kind": self.kind.value,
            "key": shown(form(self.key)),
            "fields": [
                {"name": one.name}
                if hide_values
                else {"name": one.name, "source": one.source, "target": one.target}
                for one in self.fields
            ],
        }


@dataclass(slots=True)
class TableFindings:
    """Counts of one table. `obstacle` says why it could not be compared, or not to its end."""

    table: TableName
    compared: int = 0
    equal: int = 0
    looked_again: int = 0
    dead_letters: int = 0
    counts: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(Kind, 0))
    kept: list[Difference] = field(default_factory=list)
    obstacle: str = ""
    is_selected: bool = True

    @property
    def is_equal(self) -> bool:
        """Whether every row was compared, and is its document."""
        return not (self.obstacle or self.dead_letters or any(self.counts.values()))

    def add(self, difference: Difference) -> None:
        """Count a difference, and keep it while there is room."""
        self.counts[difference.kind] += 1
        if len(self.kept) < KEPT_MAX:
            self.kept.append(difference)


@dataclass(frozen=True, slots=True)
class Findings:
    """What the whole comparison found, table by table."""

    tables: tuple[TableFindings, ...]

    @property
    def is_equal(self) -> bool:
        """Whether every selected table was compared, and is equal; False without any table."""
        selected = [one for one in self.tables if one.is_selected]
        return bool(selected) and all(one.is_equal for one in selected)

    @property
    def differences(self) -> Iterable[Difference]:
        """Those that were kept."""
        return (difference for table in self.tables for difference in table.kept)

    @property
    def not_kept(self) -> int:
        """How many differences were counted only."""
        counted = sum(sum(table.counts.values()) for table in self.tables)
        return counted - sum(len(table.kept) for table in self.tables)
