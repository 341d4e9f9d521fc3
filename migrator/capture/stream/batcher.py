"""Rows of one partition become batches: collected, cut, numbered."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

from migrator.model.batch import Batch, BatchId, Check, Distributed, Progress
from migrator.model.collection import CollectionMap
from migrator.model.document_key import has_key
from migrator.model.rows import Operation, RowGroup, TableChanges
from migrator.model.state import Landed
from migrator.model.table import TableName
from migrator.mysql.binlog.reader import Gtid
from migrator.mysql.position.order import Landmark
from migrator.mysql.position.read_position import ReadPosition


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one batch holds, unless a single row is larger."""

    rows: int
    size_bytes: int


class Sink(Protocol):
    """Takes batches in the order in which they are cut."""

    def put(self, batch: Batch) -> None:
        """Send it when its turn comes."""
        ...


class Batcher:
    """Collects changes of one partition and puts them into `sink` as batches, in order.

    A batch is cut when it is full, also within a transaction, and by `flush`. Where reading
    had to begin before what this partition has landed, because another partition is behind,
    the transactions that have landed are left out.
    """

    def __init__(self, landed: Landed, limits: Limits, position: ReadPosition, sink: Sink) -> None:
        self.last = landed.batch
        self.partition = landed.partition
        self._limits = limits
        self._position = position
        self._sink = sink
        self._landed = landed.position
        is_ahead = landed.position != position.committed
        self._landmark = Landmark(landed.position) if is_ahead else None
        self._groups: list[tuple[TableName, RowGroup]] = []
        self._rows = self._size = 0
        self._transactions = 0
        self._committed_at = 0
        self._distributed: Distributed | None = None
        self._added = 0  # Changes of the open transaction.
        # A cascade depends on the rows that it meets. So the open transaction's changes up to
        # the last one that was sent, and those that have landed, are not sent again.
        self._cascaded = 0
        self._repeated = landed.position.cascaded
        self._is_reread = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits to be cut."""
        return not self._groups and not self._transactions

    @property
    def id_of_added(self) -> BatchId:
        """The id of the batch that holds what was added last."""
        return BatchId(self.last.epoch, self.last.sequence + (not self.is_empty))

    def begin(self, gtid: Gtid) -> None:
        """A transaction begins."""
        if self._landmark is None:
            return
        if not self._landmark.has(gtid.gtid, self._position.committed.file, gtid.end):
            self._landmark = None

    def add(self, table: TableName, group: RowGroup) -> bool:
        """Take rows of the open transaction; False: they landed in an earlier session."""
        if self._landmark is not None:
            return False
        if group.operation is Operation.EMPTY and not self._added:
            # The deleted rows need not be in the batch that deletes them.
            self.flush()
        self._added += len(group.rows)
        if self._repeated:
            self._repeated -= len(group.rows)
            self._cascaded = self._added
            return False
        if group.operation is Operation.CASCADE:
            if has_key(group.rows[0]):
                self._is_reread = True
            else:
                self._cascaded = self._added
        self._collect(table, group)
        if self._is_full():
            self._cut(complete=False)
        return True

    def prepare(self, distributed: Distributed) -> None:
        """The rows that follow belong to a distributed transaction that is not decided yet."""
        if self._landmark is not None:
            return
        self.flush()
        self._distributed = distributed

    def commit(self, committed_at: int) -> None:
        """The open transaction has ended, at the read position."""
        if self._landmark is not None:
            return
        self._added = self._cascaded = 0
        self._transactions += 1
        # The oldest one decides how long the batch has been on its way.
        self._committed_at = self._committed_at or committed_at
        if self._distributed is not None or self._is_reread:
            # Rows that are read again may be others when they come again: nothing follows them
            # in their batch, so that no cascade is counted after them.
            self._cut(complete=True)
            self._distributed = None
            self._is_reread = False

    def keep_aside(self) -> None:
        """Cut the rows of the distributed transaction before the position passes it."""
        if self._landmark is None:
            self._cut(complete=True)

    def decide(self, distributed: Distributed, committed_at: int) -> None:
        """Emit the decision on a distributed transaction: its rows count, or never do."""
        if self._landmark is not None:
            return
        self._distributed = distributed
        self.commit(committed_at)

    def flush(self, *, beat: bool = False) -> None:
        """Emit the collected rows as one batch; call it only between two transactions.

        With `beat`, emit even an empty batch, so that the position advances.
        """
        if beat or not self.is_empty:
            self._cut(complete=True)

    def empty(self, table: TableName) -> None:
        """Emit a batch that deletes all rows of the table; call it only between transactions.

        It is emitted even where later transactions have landed.
        """
        self.flush()
        self._collect(table, RowGroup(Operation.EMPTY, []))
        self._cut(complete=True)

    def copy(self, table: TableName, groups: Iterable[RowGroup], progress: Progress | None) -> None:
        """Emit the rows of a chunk; the last batch carries the progress, if there is one.

        Call it only between two transactions.
        """
        self.flush()
        for group in groups:
            for start in range(0, len(group.rows), self._limits.rows):
                some = group.rows[start : start + self._limits.rows]
                self._collect(table, replace(group, rows=some))
                if self._is_full():
                    self._cut(complete=True)
        self._cut(complete=True, progress=progress)

    def check(self, table: TableName, groups: Iterable[RowGroup], check: Check) -> None:
        """Emit rows to be compared, in one batch; call it only between two transactions."""
        self.flush()
        for group in groups:
            self._collect(table, group)
        self._cut(complete=True, check=check)

    def rewind(self) -> None:
        """The open transaction comes again from its beginning: its rows are sent once more.

        A row is a state, not a difference, and the loader keeps the last one of each.
        """
        if self._distributed is not None:
            self._cascaded = min(self._cascaded, self._added - self._rows)
        self._repeated += self._cascaded
        self._added = self._cascaded = 0
        if self._distributed is not None:
            # Without the mark of their distributed transaction, these rows would count at once.
            self._groups = []
            self._rows = self._size = 0
        self._distributed = None

    def _is_full(self) -> bool:
        return self._rows >= self._limits.rows or self._size >= self._limits.size_bytes

    def _collect(self, table: TableName, group: RowGroup) -> None:
        last = self._groups[-1] if self._groups else None
        if last is not None and last[0] == table and last[1].is_like(group):
            last[1].rows.extend(group.rows)
        else:
            self._groups.append((table, replace(group, rows=list(group.rows))))
        self._rows += len(group.rows)
        self._size += sum(map(len, group.rows))

    def _cut(
        self, *, complete: bool, progress: Progress | None = None, check: Check | None = None
    ) -> None:
        follows = self.last
        self.last = BatchId(follows.epoch, follows.sequence + 1)
        position = self._landed if self._landmark is not None else self._position.committed
        rows, cascaded = (self._repeated,) * 2 if complete else (self._added, self._cascaded)
        position = replace(position, rows=rows, cascaded=cascaded)
        batch = Batch(
            partition=self.partition,
            follows=follows,
            id=self.last,
            position=position,
            complete=complete,
            changes=tuple(
                TableChanges(
                    table, group.operation, b"".join(group.rows), len(group.rows), group.references
                )
                for table, group in self._groups
            ),
            committed_at=self._committed_at,
            transactions=self._transactions,
            progress=progress,
            distributed=self._distributed,
            check=check,
        )
        self._groups = []
        self._rows = self._size = self._transactions = self._committed_at = 0
        self._sink.put(batch)


class Batchers:
    """The batchers of all partitions; a table's batches go through one of them."""

    def __init__(self, batchers: Sequence[Batcher], collections: CollectionMap) -> None:
        self._batchers = batchers
        self._collections = collections

    @classmethod
    def of_landed(
        cls,
        landed: Iterable[Landed],
        limits: Limits,
        position: ReadPosition,
        sink: Sink,
        collections: CollectionMap,
    ) -> Self:
        """One for each partition, which continues from what has landed there."""
        batchers = [Batcher(one, limits, position, sink) for one in landed]
        return cls(batchers, collections)

    def __iter__(self) -> Iterator[Batcher]:
        return iter(self._batchers)

    def of(self, table: TableName) -> Batcher:
        """The batcher of the table's partition."""
        return self._batchers[self._collections.partition_of(table, len(self._batchers))]
