"""A lane is one partition's road to the queue: it cuts batches, and numbers them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from migrator.model.batch import Batch, BatchId, Distributed, Progress
from migrator.model.position import Position
from migrator.model.rows import Operation, RowGroup, TableChanges
from migrator.model.state import Landed
from migrator.model.table import TableName
from migrator.mysql.binlog.reader import Gtid


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one batch holds, unless a single row is larger."""

    rows: int
    size_bytes: int


class Lane:
    """Collects changes of one partition and emits them as batches, in order.

    `emit` takes each batch; `committed` tells the source's newest committed position.
    A batch is cut when it is full, also within a transaction, and by `flush`. Where the
    reading had to begin before what this partition has landed, because another one is
    behind, `has_landed` tells which transactions are to be left out.
    """

    def __init__(
        self,
        landed: Landed,
        limits: Limits,
        emit: Callable[[Batch], None],
        committed: Callable[[], Position],
        has_landed: Callable[[Gtid, Position], bool] | None = None,
    ) -> None:
        self.stamp = landed.stamp
        self.partition = landed.partition
        self._limits = limits
        self._emit = emit
        self._committed = committed
        self._landed = landed.position
        self._has_landed = has_landed
        self._runs: list[tuple[TableName, Operation, list[bytes]]] = []
        self._rows = self._size = 0
        self._transactions = 0
        self._committed_at = 0
        self._distributed: Distributed | None = None
        self._added = 0  # Rows of the open transaction.

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits to be cut."""
        return not self._runs and not self._transactions

    @property
    def stamp_of_added(self) -> BatchId:
        """The stamp of the batch that holds what was added last."""
        return BatchId(self.stamp.epoch, self.stamp.sequence + (not self.is_empty))

    def begin(self, gtid: Gtid) -> None:
        """A transaction begins."""
        if self._has_landed is not None and not self._has_landed(gtid, self._committed()):
            self._has_landed = None

    def add(self, table: TableName, run: RowGroup) -> bool:
        """Take rows of the open transaction; False: they have landed long ago."""
        if self._has_landed is not None:
            return False
        if run.operation is Operation.EMPTY and not self._added:
            # What stood in the table before is of no use in the same batch.
            self.flush()
        self._added += len(run.rows)
        self._collect(table, run.operation, run.rows)
        if self._is_full():
            self._cut(complete=False)
        return True

    def prepare(self, distributed: Distributed) -> None:
        """The rows that follow belong to a distributed transaction that is not decided yet."""
        if self._has_landed is not None:
            return
        self.flush()
        self._distributed = distributed

    def commit(self, committed_at: int) -> None:
        """The open transaction has ended; `committed` tells where from now on."""
        if self._has_landed is not None:
            return
        self._added = 0
        self._transactions += 1
        # The oldest one decides how long the batch has been on its way.
        self._committed_at = self._committed_at or committed_at
        if self._distributed is not None:
            self._cut(complete=True)
            self._distributed = None

    def keep_aside(self) -> None:
        """Cut the rows of the distributed transaction before the position passes it."""
        if self._has_landed is None:
            self._cut(complete=True)

    def decide(self, distributed: Distributed, committed_at: int) -> None:
        """The end of a distributed transaction: what was prepared counts, or never does."""
        if self._has_landed is not None:
            return
        self._distributed = distributed
        self.commit(committed_at)

    def flush(self, *, beat: bool = False) -> None:
        """Cut what is there, between two transactions; with `beat` be it the position alone."""
        if beat or not self.is_empty:
            self._cut(complete=True)

    def empty(self, table: TableName) -> None:
        """All rows of a table go, between two transactions, also where later ones have landed."""
        self.flush()
        self._collect(table, Operation.EMPTY, [])
        self._cut(complete=True)

    def copy(self, table: TableName, runs: Iterable[RowGroup], progress: Progress) -> None:
        """Rows of a chunk, between two transactions; the last batch carries the progress."""
        self.flush()
        for run in runs:
            for start in range(0, len(run.rows), self._limits.rows):
                self._collect(table, run.operation, run.rows[start : start + self._limits.rows])
                if self._is_full():
                    self._cut(complete=True)
        self._cut(complete=True, progress=progress)

    def rewind(self) -> None:
        """The open transaction comes again from its beginning: its rows are sent once more.

        A row is a state, not a difference, and the loader keeps the last one of each.
        """
        self._added = 0
        if self._distributed is not None:
            # Without its mark they would count at once.
            self._runs = []
            self._rows = self._size = 0
        self._distributed = None

    def _is_full(self) -> bool:
        return self._rows >= self._limits.rows or self._size >= self._limits.size_bytes

    def _collect(self, table: TableName, operation: Operation, rows: list[bytes]) -> None:
        last = self._runs[-1] if self._runs else None
        if last is not None and last[0] == table and last[1] is operation:
            last[2].extend(rows)
        else:
            self._runs.append((table, operation, list(rows)))
        self._rows += len(rows)
        self._size += sum(map(len, rows))

    def _cut(self, *, complete: bool, progress: Progress | None = None) -> None:
        follows = self.stamp
        self.stamp = BatchId(follows.epoch, follows.sequence + 1)
        position = self._landed if self._has_landed is not None else self._committed()
        position = replace(position, rows=0 if complete else self._added)
        batch = Batch(
            partition=self.partition,
            follows=follows,
            stamp=self.stamp,
            position=position,
            complete=complete,
            changes=tuple(
                TableChanges(table, operation, b"".join(rows), len(rows))
                for table, operation, rows in self._runs
            ),
            committed_at=self._committed_at,
            transactions=self._transactions,
            progress=progress,
            distributed=self._distributed,
        )
        self._runs = []
        self._rows = self._size = self._transactions = self._committed_at = 0
        self._emit(batch)
