"""The one order in which stream and copy emit: transactions, and what is done between two.

What is done between two transactions is a batch of its own, at the position that the stream
has reached: the flush of small transactions, a heartbeat batch, the rows of a chunk.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from migrator.capture.stream.batcher import Batcher, Batchers
from migrator.capture.stream.partial_rows import PartialRows
from migrator.capture.stream.prepared_keys import PreparedKeys
from migrator.capture.stream.turns import Turn
from migrator.errors import SourceUnavailable
from migrator.model.batch import BatchId, Check, Distributed, Phase, Progress
from migrator.model.position import Position
from migrator.model.reference import Reference
from migrator.model.rows import Operation, RowGroup
from migrator.model.table import TableName
from migrator.mysql.binlog.events import Gtid
from migrator.mysql.position.read_position import ReadPosition
from migrator.snapshot.window import Noted, OpenWindows

PASSING_TIMEOUT_S = 3_600


class Timeline:
    """Takes transactions in order; `position` passes one when it is committed.

    `rows` and `transactions` count what was taken; `committed_at` is the commit time of the
    newest transaction, in microseconds since 1970. While a transaction `is_open`, `gtid` is its
    id, and `end` the offset at which its newest event ends.
    """

    def __init__(self, position: ReadPosition, batchers: Batchers) -> None:
        self.position = position
        self.batchers = batchers
        self.windows = OpenWindows()
        self.rows = self.transactions = self.committed_at = 0
        self.is_open = False
        self.partial = PartialRows()
        self.distributed: Distributed | None = None
        self._prepared = PreparedKeys()
        self.turns: list[Turn] = []
        self.gtid = ""
        self.end = 0
        self._is_flush_due = self._is_beat_due = False

    @property
    def reached(self) -> Position:
        """Where the open transaction ends, once its end has been read."""
        return self.position.with_open(self.gtid, self.end)

    # The open transaction

    def begin(self, event: Gtid) -> None:
        """A transaction begins."""
        self.is_open = True
        self.gtid = event.gtid
        self.committed_at = event.committed_at
        for batcher in self.batchers:
            batcher.begin(event)

    def prepare(self, xid: str) -> None:
        """The open transaction's rows wait for the decision on a distributed transaction."""
        self.distributed = Distributed(xid, Phase.PREPARE)
        self._prepared.begin(xid)
        for batcher in self.batchers:
            batcher.prepare(self.distributed)

    def emit(self, table: TableName, batcher: Batcher, group: RowGroup) -> bool:
        """Take rows of the open transaction; False: they landed in an earlier session."""
        is_sent = batcher.add(table, group)
        self.rows += len(group.rows)
        # A chunk may drop a row only if the stream has really sent it.
        if self.distributed is not None:
            self._prepared.add(self.distributed.xid, table, group)
        elif is_sent:
            self.windows.note(table, group.rows)
            self._spoil(group.references)
        if group.operation is Operation.CASCADE:
            self.partial.cascaded()
        else:
            self.partial.emitted(table, group.rows)
        return is_sent

    def _spoil(self, references: Iterable[Reference]) -> None:
        """Rows of all tables that refer to others may change."""
        for reference in references:
            self.windows.spoil(reference.child)

    def empty(self, table: TableName) -> BatchId | None:
        """Delete all documents of the table, in the open transaction if there is one.

        Returns the id of the batch that does it; None if it landed in an earlier session.
        """
        self.windows.spoil(table)
        batcher = self.batchers.of(table)
        if not self.is_open:
            batcher.empty(table)
        elif not self.emit(table, batcher, RowGroup(Operation.EMPTY, [])):
            return None
        return batcher.id_of_added

    def commit(self) -> None:
        """The open transaction is committed."""
        self.position.advance(self.gtid, self.end)
        for batcher in self.batchers:
            batcher.commit(self.committed_at)
        self._close_transaction()

    def commit_prepared(self, xid: str) -> None:
        """The distributed transaction whose rows are open is committed in one phase."""
        # Keep the rows aside at the old position: a restart there reads the transaction again.
        for batcher in self.batchers:
            batcher.keep_aside()
        self.decide(Distributed(xid, Phase.COMMIT))

    def decide(self, distributed: Distributed) -> None:
        """A prepared transaction is decided: its rows count from now on, or never."""
        # First emit what was committed before, at the position before the decision.
        self._cut(beat=False)
        keys = self._prepared.take(distributed.xid)
        if distributed.phase is Phase.COMMIT and keys is None:
            # It was prepared in another session, so no window can note its keys.
            self.windows.spoil()
        elif distributed.phase is Phase.COMMIT:
            for table, changed in (keys or {}).items():
                self.windows.note(table, changed)
        self.position.advance(self.gtid, self.end)
        for batcher in self.batchers:
            batcher.decide(distributed, self.committed_at)
        self._close_transaction()

    def rewind(self) -> None:
        """The connection broke: the open transaction will come again from its beginning.

        Until then it counts as open, so that nothing is cut as if it had ended.
        """
        for batcher in self.batchers:
            batcher.rewind()
        self._forget_transaction()

    def _close_transaction(self) -> None:
        self.transactions += 1
        self._forget_transaction()
        self.is_open = False
        if self._is_flush_due or self._is_beat_due:
            self._cut(beat=self._is_beat_due)
            self._is_flush_due = self._is_beat_due = False

    def _forget_transaction(self) -> None:
        self.gtid = ""
        self.distributed = None
        self.partial = PartialRows()

    # Between two transactions

    def flush(self) -> None:
        """Emit what has been committed: now, or when the open transaction ends."""
        self._is_flush_due = self.is_open
        if not self.is_open:
            self._cut(beat=False)

    def beat(self) -> None:
        """As `flush`, but a partition without changes sends an empty batch.

        This moves the position, and makes a gap visible to apply.
        """
        self._is_beat_due = self.is_open
        if not self.is_open:
            self._cut(beat=True)

    def _cut(self, *, beat: bool) -> None:
        for batcher in self.batchers:
            batcher.flush(beat=beat)

    @asynccontextmanager
    async def window(self, table: TableName) -> AsyncIterator["TimelineWindow"]:
        """Open a window of a table: it notes the keys that the stream emits from here on."""
        async with self._boundary():
            noted, position = self.windows.open(table), self.position.committed
        try:
            yield TimelineWindow(self, noted, position)
        finally:
            self.windows.close(noted)

    async def emit_chunk(
        self, noted: Noted, groups: Sequence[RowGroup], progress: Progress | None
    ) -> int | None:
        """See `Window.emit`."""
        async with self._boundary():
            if noted.is_spoiled:
                return None
            left = noted.left(groups)
            for group in left:
                self._spoil(group.references if group.rows else ())
            self.batchers.of(noted.table).copy(noted.table, left, progress)
            return sum(len(group.rows) for group in left)

    def connected(self, server: str) -> None:
        """The next events come from this server; another one may lack what a SELECT has shown."""
        if self.position.committed.server != server:
            self.windows.spoil()
        self.position.connected(server)

    async def until_passed(self, place: Position) -> None:
        """Wait until the stream has passed a place in the log. Raises `SourceUnavailable`."""
        try:
            async with asyncio.timeout(PASSING_TIMEOUT_S), self._boundary(place):
                pass
        except TimeoutError as error:
            raise SourceUnavailable(
                f"The stream has not come to what a SELECT has shown within {PASSING_TIMEOUT_S} s."
            ) from error

    async def emit_check(self, noted: Noted, groups: Sequence[RowGroup], check: Check) -> bool:
        """See `TimelineWindow.check`."""
        async with self._boundary():
            if noted.is_spoiled:
                return False
            left = noted.left(groups)
            if check.bounds is None:
                noted.keep_only(groups)
            unclear = tuple(noted.keys)
            self.batchers.of(noted.table).check(noted.table, left, replace(check, unclear=unclear))
            return True

    @asynccontextmanager
    async def pause(self) -> AsyncIterator[None]:
        """Inside, no transaction is open, and the stream waits. It begins with the next event."""
        async with self._turn(None):
            yield

    @asynccontextmanager
    async def _boundary(self, place: Position | None = None) -> AsyncIterator[None]:
        """Inside, no transaction is open, as long as nothing there is awaited."""
        if not self.is_open and place is None:
            yield
            return
        async with self._turn(place):
            yield

    @asynccontextmanager
    async def _turn(self, place: Position | None) -> AsyncIterator[None]:
        turn = Turn(place)
        self.turns.append(turn)
        try:
            await turn.has_begun
            yield
        finally:
            if not turn.has_begun.done() or turn.has_begun.cancelled():
                self.turns.remove(turn)
            if not turn.has_ended.done():  # Else the stream was cancelled while it waited.
                turn.has_ended.set_result(None)

    async def give_way(self) -> None:
        """Give every task its turn whose boundary this is; call it between transactions."""
        for turn in list(self.turns):
            is_due = turn.place is None or self.position.has_passed(turn.place)
            if is_due and not turn.has_begun.done():  # Else it was cancelled.
                self.turns.remove(turn)
                turn.has_begun.set_result(None)
                await turn.has_ended


@dataclass(frozen=True, slots=True)
class TimelineWindow:
    """A window on the timeline; see `migrator.snapshot.window.Window`."""

    timeline: Timeline
    noted: Noted
    position: Position

    async def until_passed(self, place: Position, groups: Sequence[RowGroup] | None) -> None:
        """Wait until the stream has passed the place; of keys note only those of `groups`."""
        if not self.timeline.position.has_passed(place):
            if groups is not None:
                self.noted.keep_only(groups)
            await self.timeline.until_passed(place)

    async def check(self, groups: Sequence[RowGroup], check: Check) -> bool:
        """Emit rows to be compared; False: the window is spoiled, and nothing was emitted.

        The keys that the stream has emitted since become the check's unclear ones.
        """
        return await self.timeline.emit_check(self.noted, groups, check)

    async def emit(self, groups: Sequence[RowGroup], progress: Progress | None) -> int | None:
        """Emit the rows that the stream has not emitted since; None: the window is spoiled."""
        return await self.timeline.emit_chunk(self.noted, groups, progress)
