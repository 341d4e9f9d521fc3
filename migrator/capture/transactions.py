"""Source transactions out of binlog events: rows go to their lanes, commits move the position."""

from collections.abc import Callable, Sequence

from migrator.capture.batcher import Lane
from migrator.capture.partial_rows import Doubts
from migrator.capture.pending import Pending
from migrator.capture.tables import Stream, Tables
from migrator.capture.unsupported import rolled_back, shown_in_part
from migrator.model.batch import Distributed, Phase
from migrator.model.position import Position
from migrator.model.rows import Operation, RowGroup
from migrator.model.table import TableName
from migrator.mysql.binlog.reader import (
    Event,
    Gtid,
    Heartbeat,
    Query,
    Rotate,
    Rows,
    RowsKind,
    XaPrepare,
    Xid,
)
from migrator.mysql.position.gtid import Gtids
from migrator.mysql.position.read_position import Followed
from migrator.mysql.sql.statements import Kind, Statement, parse
from migrator.snapshot.window import Watch, Watches


class Assembler:
    """Takes the events in their order. It never waits: `pending` says when its caller must.

    After `take`, whoever finds `pending` set resolves it and calls `resolved`. `position`
    is the newest committed one; `start` is where the reading begins.
    """

    def __init__(
        self,
        tables: Tables,
        lanes: Sequence[Lane],
        watches: Watches,
        start: Position,
        gtids: Gtids | None,
        *,
        is_mariadb: bool,
    ) -> None:
        self.followed = Followed(start, gtids)
        self.pending: Pending | None = None
        self.rows = self.transactions = 0
        self.committed_at = 0
        self._tables = tables
        self._lanes = lanes
        self._watches = watches
        self._is_mariadb = is_mariadb
        self._gtid = ""
        self._is_open = self._has_begun = False
        self._doubts = Doubts()
        self._rows_before = self._end = 0
        self._distributed: Distributed | None = None
        self._at_boundary: list[Callable[[], None]] = []
        self._take: dict[type[Event], Callable[..., None]] = {
            Gtid: self._begin,
            Rows: self._change,
            Xid: self._xid,
            Query: self._query,
            XaPrepare: self._xa_prepare,
            Rotate: self._rotate,
            Heartbeat: self._heartbeat,
        }

    def take(self, event: Event) -> None:
        """The next event. Raises `UnsupportedChange` and what the decoders raise."""
        handler = self._take.get(type(event))
        if handler is not None:
            handler(event)

    def position(self) -> Position:
        """Where the newest committed transaction ended."""
        return self.followed.position()

    def reached(self) -> Position:
        """Where the open transaction ends, once its end has been read."""
        return self.followed.with_open(self._gtid, self._end)

    def at_boundary(self, action: Callable[[], None]) -> None:
        """Do it between two transactions: now, or once as soon as the open one has ended."""
        if not self._is_open:
            action()
        elif action not in self._at_boundary:
            self._at_boundary.append(action)

    def watch(self, table: TableName) -> Watch:
        """Begin to note a table's keys; call it at a boundary only."""
        return self._watches.open(table, self.position())

    def flush(self) -> None:
        """Cut what has been committed, when the open transaction ends at the latest."""
        self.at_boundary(self._flush)

    def beat(self) -> None:
        """A batch of every lane, be it empty: the position moves, and gaps are noticed."""
        self.at_boundary(self._beat)

    def rewind(self) -> None:
        """The connection broke: the open transaction will come again from its beginning.

        Until then it counts as open, so that nothing is cut as if it had ended.
        """
        was_open = self._is_open
        for lane in self._lanes:
            lane.rewind()
        self._close()
        self._is_open = was_open

    @property
    def is_open(self) -> bool:
        """Whether a part of a transaction has been taken, and not its end."""
        return self._is_open

    def resolved(self) -> None:
        """`pending` has been dealt with, or passed: the transaction ends, if that was its end."""
        pending, self.pending = self.pending, None
        if pending is None or pending.unknown is not None:
            return
        if pending.statement is None or not self._has_begun:
            self._finish()

    def _flush(self) -> None:
        for lane in self._lanes:
            lane.flush()

    def _beat(self) -> None:
        for lane in self._lanes:
            lane.flush(beat=True)

    def _begin(self, event: Gtid) -> None:
        self._gtid = event.gtid
        self._is_open = True
        self.committed_at = event.committed_at
        # MariaDB has no BEGIN: its GTID event says whether a COMMIT will follow.
        self._has_begun = self._is_mariadb and not event.standalone
        self._rows_before = self.rows
        for lane in self._lanes:
            lane.begin(event)
        if event.prepares:
            self._prepare(event.prepares)

    def _change(self, event: Rows) -> None:
        stream = self._tables.stream(event.shape)
        self._is_open = True
        if stream is None:
            if self._tables.is_unexplained(event.shape.table):
                self._end = event.end
                self.pending = Pending(unknown=event.shape.table)
            return
        is_whole = stream.has_all_columns
        if not (is_whole(event.before_bitmap) and is_whole(event.after_bitmap)):
            self._note_partial(stream, event)
            return
        decoder, body, start, stop = stream.decoder, event.body, event.start, event.stop
        if event.kind is RowsKind.INSERT:
            runs = decoder.inserts(body, start, stop)
        elif event.kind is RowsKind.UPDATE:
            runs = decoder.updates(body, start, stop, partial_json=event.partial_json)
        else:
            runs = decoder.deletes(body, start, stop)
        for run in runs:
            self.emit(event.shape.table, stream.lane, run)

    def emit(self, table: TableName, lane: Lane, run: RowGroup) -> bool:
        """Rows of the open transaction go to their lane; False if they landed there long ago."""
        is_sent = lane.add(table, run)
        self.rows += len(run.rows)
        # A chunk may leave out only what is really on its way.
        if is_sent and self._distributed is None:
            self._watches.note(table, run.rows)
        self._doubts.emitted(table, run.rows)
        return is_sent

    def _note_partial(self, stream: Stream, event: Rows) -> None:
        gone, changed = stream.decoder.keys(
            event.body,
            event.start,
            event.stop,
            event.before_bitmap,
            event.after_bitmap,
            partial_json=event.partial_json,
        )
        table = event.shape.table
        if changed and self._distributed is not None:
            raise shown_in_part(table)
        if gone:
            # A key is shown whole, and says all of a row that is no longer under it.
            self.emit(table, stream.lane, RowGroup(Operation.DELETE, gone))
        if changed:
            self._doubts.shown_in_part(table, changed)

    def _xid(self, event: Xid) -> None:
        self._commit(event.end)

    def _query(self, event: Query) -> None:
        statement = parse(event)
        match statement.kind:
            case Kind.BEGIN:
                self._is_open = self._has_begun = True
            case Kind.COMMIT:
                self._commit(event.end)
            case Kind.DEFINITION | Kind.ROWS | Kind.CODE:
                self._end = event.end
                self.pending = Pending(statement=statement, query=event)
            case _:
                self._control(event, statement)

    def _control(self, event: Query, statement: Statement) -> None:
        match statement.kind:
            case Kind.ROLLBACK:
                if self.rows != self._rows_before or self._doubts:
                    self._end = event.end
                    self.pending = Pending(rolled_back(self._gtid))
                    return
            case Kind.XA_START:
                self._prepare(statement.xid)
                return
            case Kind.XA_COMMIT | Kind.XA_ROLLBACK:
                is_commit = statement.kind is Kind.XA_COMMIT
                phase = Phase.COMMIT if is_commit else Phase.ROLLBACK
                self._flush()
                self._decide(event.end, Distributed(statement.xid, phase))
                return
            case Kind.SAVEPOINT:
                self._doubts.savepoint()
            case Kind.ROLLBACK_TO:
                self._doubts.rolled_back()
            case _:
                pass
        if not self._has_begun or statement.kind is Kind.ROLLBACK:
            self._commit(event.end)

    def _prepare(self, xid: str) -> None:
        self._is_open = self._has_begun = True
        self._distributed = Distributed(xid, Phase.PREPARE)
        for lane in self._lanes:
            lane.prepare(self._distributed)

    def _xa_prepare(self, event: XaPrepare) -> None:
        if not event.one_phase:
            self._commit(event.end)
            return
        # Aside first, at the old position: whoever begins there reads the transaction again.
        for lane in self._lanes:
            lane.keep_aside()
        self._decide(event.end, Distributed(event.xid, Phase.COMMIT))

    def _decide(self, end: int, distributed: Distributed) -> None:
        """What was prepared, perhaps long ago, counts from now on, or never does."""
        if distributed.phase is Phase.COMMIT:
            # Nobody knows any more which keys it has.
            self._watches.spoil()
        self.followed.advance(self._gtid, end)
        for lane in self._lanes:
            lane.decide(distributed, self.committed_at)
        self._count()

    def _rotate(self, event: Rotate) -> None:
        self.followed.read_up_to(event.file, event.offset)

    def _heartbeat(self, event: Heartbeat) -> None:
        if not self._is_open:
            self.followed.read_up_to(event.file, event.offset)

    def _commit(self, end: int) -> None:
        self._end = end
        if self._doubts:
            self.pending = Pending(doubts=self._doubts)
        else:
            self._finish()

    def _finish(self) -> None:
        self.followed.advance(self._gtid, self._end)
        for lane in self._lanes:
            lane.commit(self.committed_at)
        self._count()

    def _count(self) -> None:
        self.transactions += 1
        self._close()
        actions, self._at_boundary = self._at_boundary, []
        for action in actions:
            action()

    def _close(self) -> None:
        self._gtid = ""
        self._is_open = self._has_begun = False
        self._distributed = None
        self._doubts = Doubts()
        self.pending = None
