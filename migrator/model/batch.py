"""One batch of changes, with its id and its position."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple, Self

from migrator.model.document_key import Bound
from migrator.model.position import Position
from migrator.model.rows import TableChanges
from migrator.model.table import TableName


class BatchId(NamedTuple):
    """Identifies a batch in its partition: the writer's epoch, and a number from 1 on."""

    epoch: int
    sequence: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.sequence}"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the copy of one key range of a table is, once its batch is loaded.

    `rows` counts the rows of this batch. `generation` is the number of the table's copy: a
    changed definition starts another copy, and progress of an older one is ignored. `last` is
    the key of the last row that was read, None before the first.
    """

    table: TableName
    part: int
    rows: int
    last: Bound | None
    done: bool
    generation: int = 1


class Phase(StrEnum):
    """What a batch does to a distributed (XA) transaction."""

    PREPARE = "prepare"  # Its changes are stored until COMMIT or ROLLBACK.
    COMMIT = "commit"  # The stored changes are applied.
    ROLLBACK = "rollback"  # The stored changes are dropped.


@dataclass(frozen=True, slots=True)
class Distributed:
    """The distributed transaction of a batch; `xid` is as the server prints it."""

    xid: str
    phase: Phase


@dataclass(frozen=True, slots=True)
class Check:
    """A batch's rows are compared with the documents, at its position, instead of written.

    It belongs to an `attempt` of the verification `request`, and says how far range `part` of the
    table is then, or, without a part, up to which document key `last` documents without a row
    were looked for; `settled` are keys that were looked at again. With `bounds` every document
    above the first of these keys and up to the second (b"": of the same type) must have a row in
    the batch. Rows with the keys `unclear` were changed meanwhile, and are looked at again.
    """

    request: str
    table: TableName
    attempt: int = 1
    part: int | None = None
    last: bytes | None = None
    done: bool = False
    bounds: tuple[bytes, bytes] | None = None
    unclear: tuple[bytes, ...] = ()
    settled: tuple[bytes, ...] = ()
    repairs: bool = False
    hides_values: bool = False


@dataclass(frozen=True, slots=True)
class Batch:
    """The changes of one message, which one MongoDB transaction loads entirely or not at all.

    `follows` is the id of the batch before. `position` is the position in the
    source's log after it. `complete` is False if a source transaction continues in the next
    batch. `committed_at` is the commit time of the oldest transaction in microseconds since
    1970, 0 for rows of the copy. `transactions` counts the source transactions that end in it.
    """

    partition: int
    follows: BatchId
    id: BatchId
    position: Position
    complete: bool
    changes: tuple[TableChanges, ...]
    committed_at: int = 0
    transactions: int = 0
    progress: Progress | None = None
    distributed: Distributed | None = None
    check: Check | None = None

    def after(self, part: int) -> Self:
        """The batch without the first changes, which were loaded before."""
        changes = list(self.changes)
        while part > 0:
            part -= changes.pop(0).count
        return replace(self, changes=tuple(changes))

    @property
    def phase(self) -> Phase | None:
        """What it does to a distributed transaction; None: it belongs to none."""
        return None if self.distributed is None else self.distributed.phase

    @property
    def count(self) -> int:
        """The number of rows that it changes."""
        return sum(changes.count for changes in self.changes)

    @property
    def size(self) -> int:
        """The size of its rows in bytes."""
        return sum(len(changes.rows) for changes in self.changes)
