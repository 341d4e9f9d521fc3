"""One batch: what one message carries, and what one MongoDB transaction loads or leaves."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from migrator.model.document_key import Bound
from migrator.model.position import Position
from migrator.model.rows import TableChanges
from migrator.model.table import TableName


class BatchId(NamedTuple):
    """A batch's place in its partition: the writer's epoch, and a number that starts at 1."""

    epoch: int
    sequence: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.sequence}"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the copy of one range of a table has come, once its batch has been loaded.

    `rows` are those of this batch. `generation` says which copy of the table it is: a
    definition that changes starts another, and progress of an older one counts nothing.
    `last` is the key of the last row that was read, None before the first.
    """

    table: TableName
    part: int
    rows: int
    last: Bound | None
    done: bool
    generation: int = 1


class Phase(StrEnum):
    """What a batch does to a distributed (XA) transaction."""

    PREPARE = "prepare"  # Its changes are kept aside until the decision.
    COMMIT = "commit"  # What was kept aside is applied.
    ROLLBACK = "rollback"  # What was kept aside is forgotten.


@dataclass(frozen=True, slots=True)
class Distributed:
    """The distributed transaction that a batch belongs to; `xid` as the server prints it."""

    xid: str
    phase: Phase


@dataclass(frozen=True, slots=True)
class Batch:
    """What one message carries, and what one MongoDB transaction loads or leaves.

    `follows` is the id of the batch before; `position` is where the source's log
    stands after it. `complete` is False while a source transaction goes on in
    the next batch. `committed_at` is the commit time of the oldest transaction in
    microseconds since 1970, 0 for a snapshot. `transactions` counts the source
    transactions that end in this batch.
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

    @property
    def phase(self) -> Phase | None:
        """What it does to a distributed transaction; None: it belongs to none."""
        return None if self.distributed is None else self.distributed.phase

    @property
    def count(self) -> int:
        """How many rows the batch changes."""
        return sum(changes.count for changes in self.changes)

    @property
    def size(self) -> int:
        """The bytes of its rows."""
        return sum(len(changes.rows) for changes in self.changes)
