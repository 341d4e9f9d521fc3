"""The state that `_migrator`, a database of the target, keeps: positions, copies, decisions."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from migrator.model.batch import BatchId
from migrator.model.document_key import Bound
from migrator.model.position import Position
from migrator.model.table import TableName


@dataclass(frozen=True, slots=True)
class Landed:
    """How far a partition has landed in MongoDB, from where capture and apply resume.

    `batch` is the one that landed last. `transactions` counts the source transactions applied
    since the migration began, and `committed_at` is the commit time of the newest of them in
    microseconds since 1970. `gap` is None, or why the loader asks for a new epoch from
    `position` on. `part` counts the changes of the next batch that have landed already: a
    cascade that is too large for one transaction of MongoDB ends before the rest of its batch.
    """

    partition: int
    batch: BatchId
    position: Position
    transactions: int = 0
    committed_at: int = 0
    gap: str | None = None
    part: int = 0

    def with_part(self, count: int, *, is_cascade: bool, is_reread: bool) -> Self:
        """The same with that many more changes of the next batch.

        Rows that capture reads again may be others the next time, and the position counts none.
        """
        if is_reread:
            return replace(self, part=self.part + count)
        rows = self.position.rows + count
        cascaded = rows if is_cascade else self.position.cascaded
        position = replace(self.position, rows=rows, cascaded=cascaded)
        return replace(self, position=position, part=self.part + count)


@dataclass(frozen=True, slots=True)
class KeyRange:
    """One range of a table's keys: above `lower`, up to and including `upper` (None: no bound).

    `last` is the last key that was loaded.
    """

    lower: Bound | None = None
    upper: Bound | None = None
    last: Bound | None = None
    rows: int = 0
    done: bool = False


@dataclass(frozen=True, slots=True)
class TableCopy:
    """How far the copy of one table is.

    `generation` rises when the table must be copied anew. `estimated_rows` is the server's
    estimate when the copy began. `key` describes the columns of `_id`, () in the state of an
    older version. `emptied` is the batch that empties the collection before this copy, None once
    it has landed, or if the collection need not be emptied. A table with a reason in `left_out`
    is not followed. The documents in the collection are the migrator's only if it is `owned`.
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
        """How many rows the copy has loaded."""
        return sum(part.rows for part in self.parts)

    @property
    def done(self) -> bool:
        """Whether the table is followed, and every range is loaded to its end."""
        return not self.left_out and all(part.done for part in self.parts)


@dataclass(frozen=True, slots=True)
class Decision:
    """An operator's decision to go past a change that cannot be handled, at `place` of the log.

    Tables that match the patterns `copy` are copied anew after it. `place` is `file:offset`.
    """

    place: str
    copy: tuple[str, ...]
    because: str
    at: datetime
