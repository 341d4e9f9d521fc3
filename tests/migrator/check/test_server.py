"""What the source as a whole lacks, and how to fix it."""

import secrets
from dataclasses import replace

import pytest

from migrator.check.findings import Level
from migrator.check.preflight import source_findings
from migrator.check.source_checks import read_variables, server_findings
from migrator.mysql.wire.connection import connect
from migrator.settings import Settings
from tests.migrator.check.scene import Altered, Source, troubles


async def test_a_server_and_tables_as_they_should_be_pass(source: Source) -> None:
    await source.make("CREATE TABLE orders (id BIGINT PRIMARY KEY, at DATETIME(3))")

    findings = await source.findings()

    assert troubles(findings) == []
    assert (Level.OK, "Selection") in [(f.level, f.subject) for f in findings]


@pytest.mark.parametrize(
    ("name", "value", "level", "words"),
    [
        ("log_bin", "OFF", Level.FAIL, "writes no binary log"),
        ("binlog_format", "MIXED", Level.FAIL, "is MIXED. Changes are logged as statements"),
        ("binlog_row_metadata", "MINIMAL", Level.FAIL, "does not name the columns"),
        ("binlog_row_image", "MINIMAL", Level.WARN, "read again by its key, which is slower"),
        ("sync_binlog", "0", Level.WARN, "A crash of the server can lose"),
        ("binlog_expire_logs_seconds", "3600", Level.WARN, "kept for 1.0 hours"),
    ],
)
async def test_a_variable_that_is_otherwise_is_told_with_the_statement_that_mends_it(
    source: Source, name: str, value: str, level: Level, words: str
) -> None:
    altered = Altered(source.connection, **{name: value})
    variables = await read_variables(altered)

    (finding,) = [
        one
        for one in await server_findings(altered, variables, rows=10)
        if one.level is not Level.OK
    ]

    assert (finding.level, finding.subject) == (level, name)
    assert words in finding.what
    if name == "binlog_row_metadata":
        verb = "SET GLOBAL" if source.connection.server.is_mariadb else "SET PERSIST"
        assert finding.fix.startswith(f"{verb} binlog_row_metadata = FULL;")
    assert finding.fix


async def test_a_long_copy_needs_the_log_for_longer(source: Source) -> None:
    kept = Altered(source.connection, binlog_expire_logs_seconds=str(3 * 24 * 3600))
    variables = await read_variables(kept)

    small = await server_findings(kept, variables, rows=1_000)
    large = await server_findings(kept, variables, rows=1_000_000_000)

    assert troubles(small) == []
    assert troubles(large) == [(Level.WARN, "binlog_expire_logs_seconds")]


@pytest.mark.parametrize("source", ["mysql"], indirect=True)  # MariaDB always has GTIDs.
async def test_without_gtids_each_chunk_needs_a_lock_and_a_privilege(source: Source) -> None:
    altered = Altered(source.connection)
    altered.server = replace(altered.server, gtid_mode=False)

    findings = await server_findings(altered, await read_variables(altered), rows=0)

    assert troubles(findings) == [(Level.WARN, "gtid_mode")]
    assert "REPLICATION SLAVE, REPLICATION CLIENT, RELOAD, XA_RECOVER_ADMIN are granted." in [
        finding.what for finding in findings
    ]


async def test_missing_privileges_are_named_with_the_grant(source: Source) -> None:
    user = f"u_{secrets.token_hex(4)}"
    await source.make(
        "CREATE TABLE orders (id INT PRIMARY KEY, secret INT)",
        f"CREATE USER {user}@'%' IDENTIFIED BY 'pässword'",
        f"GRANT SELECT (id) ON {source.database}.orders TO {user}@'%'",
        f"GRANT REPLICATION SLAVE ON *.* TO {user}@'%'",
    )
    url = replace(source.connection.url, user=user, password="pässword")

    async with await connect(url) as connection:
        findings = await source_findings(connection, Settings(databases=(source.database,)))
    await source.connection.query(f"DROP USER {user}@'%'")

    failed = {f.subject: f for f in findings if f.level is Level.FAIL}
    further = "" if source.connection.server.is_mariadb else ", XA_RECOVER_ADMIN"
    missing = f"REPLICATION CLIENT{further}"
    assert failed["Privileges"].what.startswith(f"'{user}'@'%' lacks {missing}, which")
    assert failed["Privileges"].fix == f"GRANT {missing} ON *.* TO '{user}'@'%';"
    table = failed[f"{source.database}.orders"]
    assert "denied" in table.what
    assert table.fix == f"GRANT SELECT ON `{source.database}`.`orders` TO '{user}'@'%';"


async def test_privileges_through_a_role_count(source: Source) -> None:
    name = secrets.token_hex(4)
    default = (
        f"SET DEFAULT ROLE r_{name} FOR u_{name}@'%'"
        if source.connection.server.is_mariadb
        else f"SET DEFAULT ROLE r_{name} TO u_{name}@'%'"
    )
    further = "" if source.connection.server.is_mariadb else ", XA_RECOVER_ADMIN"
    await source.make(
        f"CREATE ROLE r_{name}",
        f"GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT{further} ON *.* TO r_{name}",
        f"CREATE USER u_{name}@'%' IDENTIFIED BY 'x'",
        f"GRANT r_{name} TO u_{name}@'%'",
        default,
    )
    url = replace(source.connection.url, user=f"u_{name}", password="x")

    async with await connect(url) as connection:
        findings = await server_findings(connection, await read_variables(connection), 0)
    await source.make(f"DROP USER u_{name}@'%'", f"DROP ROLE r_{name}")

    assert troubles(findings) == []
