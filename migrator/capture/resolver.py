"""What the stream cannot know by itself is looked up here, while it waits."""

from collections.abc import Awaitable, Callable

from migrator.capture.copies import Copies
from migrator.capture.definitions import Definitions
from migrator.capture.elsewhere import Elsewhere
from migrator.capture.passing import Passing
from migrator.capture.pending import Pending
from migrator.capture.rereads import Rereads
from migrator.capture.transactions import Assembler
from migrator.errors import SourceError
from migrator.mysql.sql.statements import Kind
from migrator.mysql.wire.connection import Connection
from migrator.snapshot.consistent_read import reading


class Resolver:
    """Answers what `Pending` asks; a new connection each time, because servers close idle ones."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        assembler: Assembler,
        definitions: Definitions,
        copies: Copies,
        elsewhere: Elsewhere,
        rereads: Rereads,
        passing: Passing,
    ) -> None:
        self._connect = connect
        self._assembler = assembler
        self._definitions = definitions
        self._copies = copies
        self._elsewhere = elsewhere
        self._rereads = rereads
        self._passing = passing

    async def resolve(self, pending: Pending) -> None:
        """Raises `SourceError`, `TargetError`, `UnsupportedChange` for rows that are not shown."""
        if pending.problem is not None:
            raise pending.problem
        if pending.unknown is not None:
            async with await self._connect() as connection:
                await self._shown(connection)
                await self._copies.join(connection, pending.unknown)
        if pending.statement is not None and pending.statement.kind is Kind.CODE:
            self._elsewhere.forget()
            return
        if pending.statement is not None and pending.query is not None:
            async with await self._connect() as connection:
                if pending.statement.kind is Kind.ROWS:
                    await self._elsewhere.prove(connection, pending.statement, pending.query)
                    return
                self._elsewhere.forget()
                if pending.statement.selects:
                    await self._elsewhere.prove_select(connection, pending.statement, pending.query)
                await self._shown(connection)
                await self._definitions.follow(connection, pending.statement)
        await self._rereads.resolve(pending.doubts)

    async def _shown(self, connection: Connection) -> None:
        """Wait until the server shows what the stream has read: its log is ahead of its tables.

        Else the greatest key of a table, or its definition, could be one of before.
        """
        async with reading(connection, self._assembler.reached()):
            pass

    async def past(self, error: SourceError, place: str) -> None:
        """Return if an operator has decided to go past this place, else raise the error again."""
        async with await self._connect() as connection:
            await self._shown(connection)
            await self._passing.past(connection, error, place)
