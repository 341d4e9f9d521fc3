"""Answers the stream's questions, while it waits."""

from migrator.capture.lookup.ddl import DdlFollower
from migrator.capture.lookup.decisions import Decisions
from migrator.capture.lookup.reread import Reread
from migrator.capture.lookup.unseen_rows import UnseenRows
from migrator.capture.stream.question import Question
from migrator.capture.stream.timeline import Timeline
from migrator.errors import SourceError
from migrator.mysql.binlog.events import Query
from migrator.mysql.source import Source
from migrator.mysql.sql.statements import Kind, Statement
from migrator.mysql.wire.connection import Connection
from migrator.snapshot.consistent_read import consistent_read


class Lookup:
    """Looks things up in the source, over a new connection each time: servers close idle ones."""

    def __init__(
        self,
        source: Source,
        timeline: Timeline,
        ddl: DdlFollower,
        reread: Reread,
        decisions: Decisions,
    ) -> None:
        self._source = source
        self._timeline = timeline
        self._ddl = ddl
        self._reread = reread
        self._decisions = decisions
        self._unseen = UnseenRows(source.scope)

    async def answer(self, question: Question) -> None:
        """Look up what the question asks for.

        Raises `SourceError`, `TargetError`, `UnsupportedChange` for rows that the log hides.
        """
        if question.problem is not None:
            raise question.problem
        if question.unknown is not None or question.recopied:
            async with await self._source.connect() as connection:
                await self._wait_until_shown(connection)
                await self._ddl.join(connection, question.unknown, question.recopied)
        if question.statement is not None and question.query is not None:
            await self._judge(question.statement, question.query)
        await self._reread.answer(question.partial)

    async def _judge(self, statement: Statement, query: Query) -> None:
        """Find out what a statement in the log did to the tables."""
        if statement.kind is Kind.CODE:
            self._unseen.forget()
            return
        reached = self._timeline.reached
        async with await self._source.connect() as connection:
            if statement.kind is Kind.ROWS:
                await self._unseen.prove(connection, statement, query, reached)
                return
            self._unseen.forget()
            if statement.selects:
                await self._unseen.prove_select(connection, statement, query, reached)
            await self._wait_until_shown(connection)
            await self._ddl.follow(connection, statement)

    async def _wait_until_shown(self, connection: Connection) -> None:
        """Wait until the server shows what the stream has read: its log is ahead of its tables.

        Otherwise a table's greatest key, or its definition, could be out of date.
        """
        async with consistent_read(connection, self._timeline.reached):
            pass

    async def skip(self, error: SourceError, position: str) -> None:
        """Skip the event at this position if an operator has decided so; else raise the error."""
        async with await self._source.connect() as connection:
            await self._wait_until_shown(connection)
            await self._decisions.skip(connection, error, position)
