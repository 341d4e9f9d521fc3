"""The source: a server, the scope of its tables, and the options for their values."""

from dataclasses import dataclass

from migrator.model.position import Position
from migrator.model.scope import Scope
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.position.log import shown_by_now
from migrator.mysql.wire.connection import Connection, SourceUrl, connect


@dataclass(frozen=True, slots=True)
class Source:
    """All that a reader of the source needs; `scope` folds names as the server does."""

    url: SourceUrl
    scope: Scope
    options: TypeOptions

    async def connect(self) -> Connection:
        """Open a new connection, because servers close idle ones. Raises `SourceError`."""
        return await connect(self.url)

    async def shown_by_now(self, connection: Connection, server: str) -> Position:
        """A place in the log of `server` that no SELECT has been ahead of until now.

        It asks another connection if a SELECT was broken off, which closes its connection.
        """
        if not connection.closed:
            return await shown_by_now(connection, server)
        async with await self.connect() as another:
            return await shown_by_now(another, server)
