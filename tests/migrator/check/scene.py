"""A database to be checked, and what is found about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from migrator.check.findings import Finding, Level
from migrator.check.preflight import source_findings
from migrator.mysql.wire.connection import Connection
from migrator.settings import Settings


@dataclass(frozen=True)
class Source:
    """A database of this test's own, empty at first."""

    connection: Connection
    database: str

    async def make(self, *statements: str) -> None:
        await self.connection.query(f"USE {self.database}")
        for statement in statements:
            await self.connection.query(statement)

    async def findings(self, **changes: Any) -> list[Finding]:
        settings = Settings(**{"databases": (self.database,)} | changes)
        return await source_findings(self.connection, settings)

    async def about(self, subject: str, **changes: Any) -> list[tuple[Level, str]]:
        """What is found about one table, without its name."""
        name = f"{self.database}.{subject}"
        return [(f.level, f.what) for f in await self.findings(**changes) if f.subject == name]


class Altered:
    """A real connection, except that some of the server's variables are others."""

    def __init__(self, connection: Connection, **variables: str) -> None:
        self.server = connection.server
        self._connection = connection
        self._variables = variables

    async def query(self, sql: str, *args: Any) -> list[tuple[Any, ...]]:
        rows = await self._connection.query(sql, *args)
        if not sql.startswith("SHOW GLOBAL VARIABLES"):
            return rows
        return list((dict(rows) | self._variables).items())


def troubles(findings: Sequence[Finding]) -> list[tuple[Level, str]]:
    return [(f.level, f.subject) for f in findings if f.level is not Level.OK]
