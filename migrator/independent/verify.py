"""`verify --independent`, from the first table to the verdict."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Protocol

from migrator.errors import SourceError
from migrator.independent.compare import Advance, TableComparison
from migrator.independent.dead_letters import DeadLetters
from migrator.independent.documents import Documents, collection_of
from migrator.independent.findings import Findings, TableFindings
from migrator.independent.selection import selection
from migrator.independent.source.client import SourceClient
from migrator.independent.source.rows import Rows
from migrator.independent.source.tables import Table, read_table
from migrator.independent.values.moments import Options
from migrator.model.collection import CollectionName
from migrator.model.table import TableName
from migrator.mongodb.target import MongoCollection, Target
from migrator.settings import Server, Settings

# No such table, unknown column, no such index, definition changed, be it amid a statement.
ALTERED = {1054, 1146, 1176, 1412, 1615}
WAS_ALTERED = "It was altered while it was compared; verify it again."


class Display(Protocol):
    """Shows how far the comparison is."""

    def begin(self, table: TableName, total: int) -> Advance:
        """A bar for a table of about `total` rows and documents; returns what moves it."""
        ...

    def end(self, findings: TableFindings) -> None:
        """The table is compared."""
        ...


class Verification:
    """The comparison of the tables of one migration."""

    def __init__(self, client: SourceClient, target: Target, settings: Settings) -> None:
        self._client = client
        self._target = target
        self._settings = settings

    @classmethod
    @asynccontextmanager
    async def connect(cls, settings: Settings) -> AsyncIterator["Verification"]:
        """Connects when it first reads. Raises `ConfigurationError`."""
        url = settings.url(Server.TARGET)
        async with (
            Target.connect(url, settings.collections, "kooch verify") as target,
            SourceClient(settings.url(Server.SOURCE)) as client,
        ):
            yield cls(client, target, settings)

    async def run(self, wanted: Sequence[str], display: Display) -> Findings:
        """Compare the wanted tables, or all of the scope. Raises `SourceError`, `TargetError`."""
        states = self._state("tables")
        chosen = await selection(self._client, states, self._settings.scope, wanted)
        found = [await self._compare(table, display) for table in chosen.tables]
        return Findings(tuple(sorted((*found, *chosen.left), key=lambda one: str(one.table))))

    async def _compare(self, table: Table, display: Display) -> TableFindings:
        name = self._settings.collections.collection_of(table.name)
        documents = Documents(collection_of(self._target, name))
        options = Options(self._settings.zero_dates, self._settings.microseconds)
        rows = Rows(self._client, table, options)
        dead_letters = DeadLetters(self._state("dead_letters"), table.name)
        comparison = TableComparison(rows, documents, dead_letters)
        total = table.estimated_rows + await documents.estimated()
        findings = await self._outcome(table, comparison, display.begin(table.name, total))
        display.end(findings)
        return findings

    async def _outcome(
        self, table: Table, comparison: TableComparison, advance: Advance
    ) -> TableFindings:
        try:
            findings = await comparison.run(advance)
        except SourceError as error:
            if error.number not in ALTERED:
                raise
            return replace(comparison.findings, obstacle=WAS_ALTERED)
        now = await read_table(self._client, table.name)
        if now is None or now.definition != table.definition:
            return replace(findings, obstacle=WAS_ALTERED)
        return findings

    def _state(self, name: str) -> MongoCollection:
        return collection_of(self._target, CollectionName(self._settings.state_database, name))
