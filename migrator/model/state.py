"""What `_migrator`, a database of the target, remembers: landed positions and copied ranges."""

from dataclasses import dataclass
from datetime import datetime

from migrator.model.batch import BatchId
from migrator.model.document_key import Bound
from migrator.model.position import Position
from migrator.model.table import TableName


@dataclass(frozen=True, slots=True)
class Landed:
    """Where a partition stands in MongoDB: the truth from which everything resumes.

    `batch` is the one that landed last. `transactions` counts the source transactions that
    were applied since the migration began; `committed_at` is the commit time of the newest of
    them, in microseconds since 1970. `gap` is None, or why the loader asks for a new epoch
    from `position` on.
    """

    partition: int
    batch: BatchId
    position: Position
    transactions: int = 0
    committed_at: int = 0
    gap: str | None = None


@dataclass(frozen=True, slots=True)
class KeyRange:
    """One range of a table's keys: above `lower`, up to and with `upper` (None: no bound).

    `last` is the last key that was loaded.
    """

    lower: Bound | None = None
    upper: Bound | None = None
    last: Bound | None = None
    rows: int = 0
    done: bool = False


@dataclass(frozen=True, slots=True)
class TableCopy:
    """How far the copy of one table has come.

    `generation` rises when the table must be copied anew. `estimated_rows` is the
    server's guess when the copy began. `key` describes the columns that make `_id` in the
    documents, () where an older version did not say. Before this copy the collection is
    emptied by the batch `emptied`, None once that has landed, or if it need not be. A table
    that is `left_out` for a reason is not followed. The documents in its collection are
    ours only if it is `owned`.
    """

    table: TableName
    partition: int
    generation: int
    estimated_rows: int
    parts: tuple[KeyRange, ...]
    key: tuple[str, ...] = ()
    emptied: BatchId | None = None
    left_out: str = ""
    owned: bool = True

    @property
    def rows(self) -> int:
        """How many rows have been loaded by the copy."""
        return sum(part.rows for part in self.parts)

    @property
    def done(self) -> bool:
        """Whether it is followed, and every range has been loaded to its end."""
        return not self.left_out and all(part.done for part in self.parts)


@dataclass(frozen=True, slots=True)
class Decision:
    """An operator's decision to go past what cannot be handled at `place` of the source's log.

    Tables that match the patterns `copy` are copied anew behind it.
    """

    place: str
    copy: tuple[str, ...]
    because: str
    at: datetime
