"""The source: a server, the scope of its tables, and the options for their values."""

from dataclasses import dataclass

from migrator.model.scope import Scope
from migrator.mysql.columns.codec import TypeOptions
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
