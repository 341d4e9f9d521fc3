import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from pydantic import SecretStr

from migrator.check.findings import Finding, Level, refuse_failures
from migrator.check.preflight import preflight, source_findings
from migrator.check.source_checks import read_variables, server_findings
from migrator.check.table_checks import table_findings
from migrator.errors import ConfigurationError, SourceError
from migrator.model.scope import Scope
from migrator.mysql.catalog.tables import read_tables
from migrator.mysql.wire.connection import Connection, SourceUrl, connect
from migrator.settings import Settings
from migrator.state.store import State
from servers.mariadb import MariaDB
from servers.mongodb import MongoDB
from servers.mysql import MySQL
from servers.process import exclusive
from servers.rabbitmq import RabbitMQ

SOURCES = {"mysql": MySQL, "mariadb": MariaDB}


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


@pytest.fixture(params=SOURCES)
async def source(request: pytest.FixtureRequest) -> AsyncIterator[Source]:
    with exclusive():
        url = SOURCES[request.param]().start()
    database = f"check_{secrets.token_hex(4)}"
    async with await connect(SourceUrl.parse(url)) as connection:
        await connection.query(f"CREATE DATABASE {database}")
        try:
            yield Source(connection, database)
        finally:
            await connection.query(f"DROP DATABASE {database}")


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


async def test_a_table_without_a_usable_key_is_refused_by_name(source: Source) -> None:
    await source.make(
        "CREATE TABLE loose (a INT)",
        "CREATE TABLE nullable (a INT, UNIQUE (a))",
        "CREATE TABLE wobbly (a DOUBLE PRIMARY KEY)",
        "CREATE TABLE precise (a DATETIME(6) PRIMARY KEY)",
        "CREATE TABLE keyed (a INT NOT NULL, UNIQUE (a))",
    )

    for name in "loose", "nullable":
        ((level, what),) = await source.about(name)
        assert level is Level.FAIL
        assert what.startswith("It has neither a primary key nor a unique key")
    assert await source.about("wobbly") == [
        (
            Level.FAIL,
            "a, a part of its key, is a floating-point number: it cannot be compared exactly.",
        )
    ]
    assert await source.about("precise") == [
        (Level.WARN, "a has microseconds, and a BSON date milliseconds: the rest is cut off.")
    ]
    assert await source.about("precise", microseconds="string") == []
    assert await source.about("keyed") == []
    assert await source.about("loose", exclude=("*.loose",)) == []


async def test_what_looks_different_in_mongodb_is_told(source: Source) -> None:
    await source.make(
        "CREATE TABLE odd (id INT PRIMARY KEY, at TIMESTAMP(6) NULL, wide DECIMAL(40, 2), "
        "`$set` INT, `_id` INT)",
        "CREATE TABLE old (id INT PRIMARY KEY) ENGINE = MyISAM",
        "CREATE TABLE named (_id INT PRIMARY KEY)",
        "CREATE TABLE part (_id INT, b INT, PRIMARY KEY (b, _id))",
        "CREATE TABLE twice (id INT PRIMARY KEY, `$a` INT, `＄a` INT)",
        "CREATE TABLE folded (name VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY)",
    )

    assert await source.about("odd") == [
        (Level.FAIL, "Its column _id is not the key, and MongoDB keeps that name for the key."),
        (
            Level.WARN,
            "at has microseconds, and a BSON date milliseconds: the rest is cut off.",
        ),
        (Level.WARN, "wide has 40 digits, Decimal128 only 34: it becomes a string."),
        (Level.OK, "$set becomes ＄set: MongoDB reads $ as an operator."),
    ]
    assert await source.about("old") == [
        (Level.WARN, "MyISAM has no transactions: the log may show changes that were lost.")
    ]
    assert await source.about("named") == []
    assert await source.about("part") == []
    assert (Level.FAIL, "Two columns would have the same name: a leading $ becomes ＄.") in (
        await source.about("twice")
    )
    ((level, what),) = await source.about("folded")
    assert level is Level.OK
    assert what.startswith("name, a part of its key, is compared by utf8mb4_general_ci")


async def test_views_are_left_out_and_what_is_no_plain_table_is_refused(source: Source) -> None:
    await source.make("CREATE TABLE t (id INT PRIMARY KEY)", "CREATE VIEW v AS SELECT id FROM t")
    if source.connection.server.is_mariadb:
        await source.make(
            "CREATE SEQUENCE s", "CREATE TABLE h (id INT PRIMARY KEY) WITH SYSTEM VERSIONING"
        )

    assert await source.about("v") == [(Level.OK, "is a view, and is left out.")]
    if source.connection.server.is_mariadb:
        assert await source.about("s") == [
            (Level.FAIL, "It is a table of the kind SEQUENCE, which cannot be migrated.")
        ]
        assert await source.about("h") == [
            (Level.FAIL, "It is a table of the kind SYSTEM VERSIONED, which cannot be migrated.")
        ]


async def test_actions_of_foreign_keys_are_a_warning_where_the_log_hides_them(
    source: Source,
) -> None:
    await source.make(
        "CREATE TABLE parent (id INT PRIMARY KEY)",
        "CREATE TABLE child (id INT PRIMARY KEY, parent INT, CONSTRAINT tied FOREIGN KEY (parent) "
        "REFERENCES parent (id) ON DELETE CASCADE)",
        "CREATE TABLE strict (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) "
        "REFERENCES parent (id) ON DELETE RESTRICT)",
    )
    hidden = "Its foreign key tied changes rows when parent changes"

    found = await source.about("child")

    if source.connection.server.is_mariadb:
        ((level, what),) = found
        assert level is Level.WARN
        assert what.startswith(hidden)
        assert "the binary log does not show these changes" in what
    else:
        assert found == []
    assert await source.about("strict") == []


@pytest.mark.parametrize("source", ["mysql"], indirect=True)
@pytest.mark.parametrize(
    ("version", "native", "warnings"),
    [((8, 4, 0), "OFF", 1), ((9, 5, 0), "OFF", 1), ((9, 6, 0), "OFF", 0), ((9, 6, 0), "ON", 1)],
)
async def test_whether_the_log_hides_them_depends_on_version_and_setting(
    source: Source, version: tuple[int, ...], native: str, warnings: int
) -> None:
    await source.make(
        "CREATE TABLE a (id INT PRIMARY KEY)",
        "CREATE TABLE b (id INT PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES a (id) "
        "ON DELETE SET NULL)",
    )
    altered = Altered(source.connection, innodb_native_foreign_keys=native)
    altered.server = replace(altered.server, version_tuple=version)
    scope = Scope((source.database,))
    variables = await read_variables(altered)
    tables = await read_tables(altered, scope)

    found = await table_findings(altered, variables, scope, tables, Settings())

    assert [level for level, _ in troubles(found)] == [Level.WARN] * warnings


async def test_a_selection_without_tables_is_refused(source: Source) -> None:
    assert troubles(await source.findings()) == [(Level.WARN, "Selection")]
    assert troubles(await source.findings(databases=("nowhere",))) == [
        (Level.FAIL, "Database nowhere")
    ]
    assert troubles(await source.findings(databases=(), include=("nowhere.*",))) == [
        (Level.FAIL, "include")
    ]


async def test_two_tables_cannot_share_a_collection(source: Source) -> None:
    other = f"{source.database}_b"
    await source.make(
        "CREATE TABLE t (id INT PRIMARY KEY)",
        f"CREATE DATABASE {other}",
        f"CREATE TABLE {other}.t (id INT PRIMARY KEY)",
    )

    mapping = {source.database: "One", other: "one"}
    findings = await source.findings(databases=(source.database, other), mapping=mapping)
    await source.connection.query(f"DROP DATABASE {other}")

    assert troubles(findings) == [(Level.FAIL, "one.t")]


async def test_everything_that_fails_is_refused_in_one_message() -> None:
    findings = [
        Finding(Level.FAIL, "a", "is wrong.", "SET a = 1;"),
        Finding(Level.WARN, "b", "is slow."),
        Finding(Level.FAIL, "c", "is missing."),
    ]

    with pytest.raises(ConfigurationError) as caught:
        refuse_failures(findings)

    assert str(caught.value) == (
        "The migration cannot start:\n- a: is wrong. To fix it: SET a = 1;\n- c: is missing."
    )
    refuse_failures(findings[1:2])


async def test_the_broker_and_the_target_are_looked_at_too(source: Source) -> None:
    await source.make("CREATE TABLE t (id INT PRIMARY KEY)")
    with exclusive():
        broker_url, target_url = RabbitMQ().start(), MongoDB().start()
    settings = Settings(
        databases=(source.database,),
        broker_url=SecretStr(broker_url),
        target_url=SecretStr(target_url),
    )

    async with State.connect(settings, "test") as state:
        fine = await preflight(source.connection, state, settings)
        nobody = settings.model_copy(
            update={"broker_url": SecretStr("amqp://guest:guest@127.0.0.1:1/")}
        )
        lost = await preflight(source.connection, state, nobody)

    assert troubles(fine) == []
    assert [f.subject for f in fine[-2:]] == ["RabbitMQ", "MongoDB"]
    assert troubles(lost) == [(Level.FAIL, "RabbitMQ")]


async def test_a_source_that_goes_away_is_an_error_and_no_finding(source: Source) -> None:
    await source.make("CREATE TABLE t (id INT PRIMARY KEY)")
    url = source.connection.url
    other = await connect(url)
    await other.close()

    with pytest.raises(SourceError):
        await source_findings(other, Settings(databases=(source.database,)))
