"""The source: a server, which of its tables, and how their values become documents."""

from dataclasses import dataclass

from migrator.model.scope import Scope
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.wire.connection import Connection, SourceUrl, connect


@dataclass(frozen=True, slots=True)
class Source:
    """What every reader of the source needs; `scope` folds names as the server does."""

    url: SourceUrl
    scope: Scope
    options: TypeOptions

    async def connect(self) -> Connection:
        """A new connection: servers close idle ones. Raises `SourceError`."""
        return await connect(self.url)
