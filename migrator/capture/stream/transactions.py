"""Assembles source transactions from binlog events: decodes rows, moves the timeline."""

from collections.abc import Callable
from dataclasses import replace

from migrator.capture.stream.question import Question
from migrator.capture.stream.references import References
from migrator.capture.stream.tables import TableDecoder
from migrator.capture.stream.timeline import Timeline
from migrator.capture.stream.unsupported import rolled_back, shown_in_part
from migrator.model.batch import Distributed, Phase
from migrator.model.rows import Operation, RowGroup
from migrator.mysql.binlog.events import (
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
from migrator.mysql.sql.statements import Kind, Statement, parse


class TransactionAssembler:
    """Takes the events in order and never waits: it returns a question for what it cannot know."""

    def __init__(self, references: References, timeline: Timeline) -> None:
        self._tables = references.tables
        self._references = references
        self._timeline = timeline
        # Whether a BEGIN came, so that a COMMIT will follow; rows may come without either.
        self._has_begun = False
        self._rows_before = 0
        self._take: dict[type[Event], Callable[..., Question | None]] = {
            Gtid: self._begin,
            Rows: self._change,
            Xid: self._commit,
            Query: self._query,
            XaPrepare: self._xa_prepare,
            Rotate: self._rotate,
            Heartbeat: self._heartbeat,
        }

    def take(self, event: Event) -> Question | None:
        """Take the next event; a question must be answered before the event after it.

        Raises `UnsupportedChange` and what the decoders raise.
        """
        handler = self._take.get(type(event))
        return handler(event) if handler is not None else None

    def answered(self, question: Question) -> None:
        """The question has been answered, or its event skipped: the transaction may end."""
        if question.unknown is not None:
            return
        if question.statement is None or not self._has_begun:
            self._end_transaction()

    def rewind(self) -> None:
        """The connection broke: the open transaction will come again from its beginning."""
        self._has_begun = False
        self._timeline.rewind()

    def _begin(self, event: Gtid) -> None:
        # MariaDB has no BEGIN: its GTID event says whether a COMMIT will follow.
        self._has_begun = event.begins
        self._rows_before = self._timeline.rows
        self._timeline.begin(event)
        if event.prepares:
            self._prepare(event.prepares)

    def _change(self, event: Rows) -> Question | None:
        self._timeline.is_open = True
        parent = self._references.parent(event.shape)
        changes = parent.changes(event) if parent is not None else []
        if parent is None or not changes:
            return self._change_rows(event)
        if event.kind is RowsKind.DELETE:
            # No row of the event can refer to another one that it has deleted before.
            self._timeline.cascade(parent, [change.document for change in changes])
            return self._change_rows(event)
        # Row by row, as InnoDB does it: a value may pass from one row to another.
        start = event.start
        for change in changes:
            if start < change.start:
                self._change_rows(replace(event, start=start, stop=change.start))
            self._timeline.cascade(parent, [change.document])
            start = change.start
        return self._change_rows(replace(event, start=start))

    def _change_rows(self, event: Rows) -> Question | None:
        decoder = self._tables.decoder(event.shape)
        if decoder is None:
            # An excluded table may be read for the sake of the rows that refer to it.
            name = event.shape.table
            if not (self._tables.wants_rows(name) and self._tables.is_unexplained(name)):
                return None
            self._timeline.end = event.end
            return Question(unknown=event.shape.table)
        is_whole = decoder.has_all_columns
        if not (is_whole(event.before_bitmap) and is_whole(event.after_bitmap)):
            self._note_partial(decoder, event)
            return None
        rows, body, start, stop = decoder.rows, event.body, event.start, event.stop
        if event.kind is RowsKind.INSERT:
            groups = rows.inserts(body, start, stop)
        elif event.kind is RowsKind.UPDATE:
            groups = rows.updates(body, start, stop, partial_json=event.partial_json)
        else:
            groups = rows.deletes(body, start, stop)
        for group in groups:
            self._timeline.emit(event.shape.table, decoder.batcher, group)
        return None

    def _note_partial(self, decoder: TableDecoder, event: Rows) -> None:
        gone, changed = decoder.rows.keys(
            event.body,
            event.start,
            event.stop,
            event.before_bitmap,
            event.after_bitmap,
            partial_json=event.partial_json,
        )
        table = event.shape.table
        if changed and self._timeline.distributed is not None:
            raise shown_in_part(table)
        if gone:
            # The log shows keys whole, and the old key is all that a deletion needs.
            self._timeline.emit(table, decoder.batcher, RowGroup(Operation.DELETE, gone))
        if changed:
            self._timeline.partial.shown_in_part(table, changed)

    def _query(self, event: Query) -> Question | None:
        statement = parse(event)
        match statement.kind:
            case Kind.BEGIN:
                self._timeline.is_open = self._has_begun = True
                return None
            case Kind.COMMIT:
                return self._commit(event)
            case Kind.DEFINITION | Kind.ROWS | Kind.CODE:
                self._timeline.end = event.end
                return Question(statement=statement, query=event)
            case _:
                return self._control(event, statement)

    def _control(self, event: Query, statement: Statement) -> Question | None:
        partial = self._timeline.partial
        match statement.kind:
            case Kind.ROLLBACK:
                if self._timeline.rows != self._rows_before or partial:
                    self._timeline.end = event.end
                    return Question(rolled_back(self._timeline.gtid))
            case Kind.XA_START:
                self._prepare(statement.xid)
                return None
            case Kind.XA_COMMIT | Kind.XA_ROLLBACK:
                is_commit = statement.kind is Kind.XA_COMMIT
                phase = Phase.COMMIT if is_commit else Phase.ROLLBACK
                self._timeline.end = event.end
                self._timeline.decide(Distributed(statement.xid, phase))
                self._has_begun = False
                return None
            case Kind.SAVEPOINT:
                partial.savepoint()
            case Kind.ROLLBACK_TO:
                partial.rolled_back()
            case _:
                pass
        if not self._has_begun or statement.kind is Kind.ROLLBACK:
            return self._commit(event)
        return None

    def _prepare(self, xid: str) -> None:
        self._timeline.is_open = self._has_begun = True
        self._timeline.prepare(xid)

    def _xa_prepare(self, event: XaPrepare) -> Question | None:
        if not event.one_phase:
            return self._commit(event)
        self._timeline.end = event.end
        self._timeline.commit_prepared(event.xid)
        self._has_begun = False
        return None

    def _rotate(self, event: Rotate) -> None:
        self._timeline.position.read_up_to(event.file, event.offset)

    def _heartbeat(self, event: Heartbeat) -> None:
        if not self._timeline.is_open:
            self._timeline.position.read_up_to(event.file, event.offset)

    def _commit(self, event: Xid | Query | XaPrepare) -> Question | None:
        self._timeline.end = event.end
        if self._timeline.partial:
            return Question(partial=self._timeline.partial)
        self._end_transaction()
        return None

    def _end_transaction(self) -> None:
        self._has_begun = False
        self._timeline.commit()
