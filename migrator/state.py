"""What `_migrator`, a database of the target, remembers: landed positions and copied ranges."""

from dataclasses import dataclass

from migrator.changes import Position, Stamp
from migrator.mysql.columns import TableName


@dataclass(frozen=True, slots=True)
class Landed:
    """Where a partition stands in MongoDB: the truth from which everything resumes.

    `transactions` counts the source transactions applied since the migration began.
    `committed_at` is the commit time of the newest of them, in microseconds since
    1970. `gap` is None, or why the loader asks for a new epoch from `position` on.
    """

    partition: int
    stamp: Stamp
    position: Position
    transactions: int = 0
    committed_at: int = 0
    gap: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One range of a table's keys: above `lower`, up to and with `upper` (None: no bound).

    Bounds and `last`, the last key that was loaded, are SQL literals in key order.
    """

    lower: tuple[str, ...] | None = None
    upper: tuple[str, ...] | None = None
    last: tuple[str, ...] | None = None
    rows: int = 0
    done: bool = False


@dataclass(frozen=True, slots=True)
class TableState:
    """How far the copy of one table has come.

    `generation` rises when the table must be copied anew. `estimated_rows` is the
    server's guess when the copy began.
    """

    table: TableName
    partition: int
    generation: int
    estimated_rows: int
    parts: tuple[Part, ...]

    @property
    def rows(self) -> int:
        """How many rows have been loaded by the copy."""
        return sum(part.rows for part in self.parts)

    @property
    def done(self) -> bool:
        """Whether every range has been loaded to its end."""
        return all(part.done for part in self.parts)
