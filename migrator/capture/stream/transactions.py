"""Assembles source transactions from binlog events: decodes rows, moves the timeline."""

from collections.abc import Callable

from migrator.capture.stream.question import Question
from migrator.capture.stream.references import References
from migrator.capture.stream.row_changes import RowChanges
from migrator.capture.stream.timeline import Timeline
from migrator.capture.stream.unsupported import rolled_back
from migrator.model.batch import Distributed, Phase
from migrator.mysql.binlog.events import (
    Event,
    Gtid,
    Heartbeat,
    Query,
    Rotate,
    Rows,
    XaPrepare,
    Xid,
)
from migrator.mysql.sql.statements import Kind, Statement, parse


class TransactionAssembler:
    """Takes the events in order and never waits: it returns a question for what it cannot know."""

    def __init__(self, references: References, timeline: Timeline) -> None:
        self._timeline = timeline
        self._rows = RowChanges(references, timeline)
        # Whether a BEGIN came, so that a COMMIT will follow; rows may come without either.
        self._has_begun = False
        self._rows_before = 0
        self._take: dict[type[Event], Callable[..., Question | None]] = {
            Gtid: self._begin,
            Rows: self._rows.take,
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
        if question.unknown is not None or question.recopied:
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
