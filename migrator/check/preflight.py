"""Everything that has bitten others, checked before a migration starts."""

from migrator.broker.connection import BrokerConnection
from migrator.check.findings import Finding, fail, ok
from migrator.check.fitness import foreign_documents
from migrator.check.source_checks import read_variables, server_findings
from migrator.check.table_checks import table_findings
from migrator.errors import BrokerError, TargetError
from migrator.mysql.catalog.tables import Queries, read_tables
from migrator.settings import Settings
from migrator.state.store import State


async def preflight(source: Queries, state: State, settings: Settings) -> list[Finding]:
    """The findings at all three servers. Raises `SourceUnavailable` if the source goes away."""
    return [
        *await source_findings(source, settings),
        await _broker_finding(settings.broker_url.get_secret_value()),
        *await _target_findings(source, state, settings),
    ]


async def source_findings(
    source: Queries, settings: Settings, *, is_new: bool = True
) -> list[Finding]:
    """The findings about the source's set-up, our privileges there, and each selected table.

    With `is_new` False, tables are not checked: a migration that is under way leaves out a table
    that it cannot migrate, instead of stopping all others for it.
    """
    scope = settings.scope.at(folds=source.server.folds)
    variables = await read_variables(source)
    tables = await read_tables(source, scope)
    rows = sum(table.estimated_rows for table in tables)
    found = await server_findings(source, variables, rows)
    if is_new:
        found += await table_findings(source, variables, scope, tables, settings)
    return found


async def _broker_finding(url: str) -> Finding:
    try:
        connection = await BrokerConnection.open(url, "check")
    except BrokerError as error:
        return fail("RabbitMQ", str(error))
    await connection.close()
    return ok("RabbitMQ", "accepts our connection.")


async def _target_findings(source: Queries, state: State, settings: Settings) -> list[Finding]:
    try:
        found_version = await state.target.check()
        found = await _collection_findings(source, state, settings)
    except TargetError as error:
        return [fail("MongoDB", str(error))]
    version = ".".join(map(str, found_version))
    return [ok("MongoDB", f"{version} has transactions."), *found]


async def _collection_findings(source: Queries, state: State, settings: Settings) -> list[Finding]:
    """Collections that hold what this migration did not write."""
    if settings.take_over:
        return []
    scope = settings.scope.at(folds=source.server.folds)
    ours = {copy.table for copy in await state.tables()}
    names = [table.name for table in await read_tables(source, scope) if table.name not in ours]
    reasons = [
        await foreign_documents(state.target, state.target.collections.collection_of(name))
        for name in names
    ]
    return [fail(str(name), reason) for name, reason in zip(names, reasons, strict=True) if reason]
