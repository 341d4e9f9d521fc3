"""Everything that has bitten others, looked at before a migration starts."""

from migrator.broker.link import Link
from migrator.check.findings import Finding, fail, ok
from migrator.check.source_checks import Source, read_variables, server_findings
from migrator.check.table_checks import table_findings
from migrator.errors import BrokerError, TargetError
from migrator.mysql.catalogue import Scope, read_tables
from migrator.settings import Settings
from migrator.target.target import Target


async def preflight(source: Source, target: Target, settings: Settings) -> list[Finding]:
    """The findings at all three servers. Raises `SourceUnavailable` if the source goes away."""
    return [
        *await source_findings(source, settings),
        await _broker_finding(settings.broker_url.get_secret_value()),
        await _target_finding(target),
    ]


async def source_findings(source: Source, settings: Settings) -> list[Finding]:
    """The source's set-up, what we may do there, and each selected table."""
    scope = Scope(settings.databases, settings.include, settings.exclude)
    variables = await read_variables(source)
    tables = await read_tables(source, scope)
    rows = sum(table.estimated_rows for table in tables)
    return [
        *await server_findings(source, variables, rows),
        *await table_findings(source, variables, scope, tables, settings),
    ]


async def _broker_finding(url: str) -> Finding:
    try:
        link = await Link.open(url, "check")
    except BrokerError as error:
        return fail("RabbitMQ", str(error))
    await link.close()
    return ok("RabbitMQ", "lets us in.")


async def _target_finding(target: Target) -> Finding:
    try:
        facts = await target.check()
    except TargetError as error:
        return fail("MongoDB", str(error))
    version = ".".join(map(str, facts.version))
    return ok("MongoDB", f"{version} has transactions.")
