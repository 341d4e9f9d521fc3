"""Statements whose bytes are no UTF-8, or mean something else in their session."""

from collections.abc import Mapping
from typing import Any

from tests.migrator.conftest import RoadFactory
from tests.migrator.road import Source
from tests.migrator.twin import differences

Session = tuple[str, ...]
T = b"CREATE TABLE t (id INT PRIMARY KEY)"
FILLED = b"INSERT INTO t VALUES (1), (2)"
OTHER = (b"CREATE DATABASE IF NOT EXISTS {other}", b"CREATE TABLE {other}.o (id INT, s BLOB)")

# The session, the statements before the copy, and those that are followed.
CASES: Mapping[str, tuple[Session, tuple[bytes, ...], tuple[bytes, ...]]] = {
    "a binary literal": (
        ("SET NAMES utf8mb4",),
        (T, FILLED),
        (b"ALTER TABLE t ADD b BINARY(2) DEFAULT _binary'\xff\xfe'",),
    ),
    "a comment of another program": (
        ("SET NAMES utf8mb4",),
        (T, FILLED),
        (b"ALTER TABLE t ADD c INT DEFAULT 5 /* \xff\xfe */",),
    ),
    "bytes that latin1 does not have": (
        ("SET NAMES latin1",),
        (T, FILLED),
        (b"CREATE PROCEDURE p() BEGIN SELECT '\x83t\x83@\x81\x8d\x8f\x90\x9d'; END",),
    ),
    "a statement for another database": (
        ("SET NAMES utf8mb4", "SET SESSION binlog_format = 'STATEMENT'"),
        (T, FILLED, *OTHER),
        (b"INSERT INTO {other}.o VALUES (1, '\xff\xfe')",),
    ),
    **{
        f"a comment in {charset}": (
            (f"SET NAMES {charset}",),
            (T, FILLED),
            (b"ALTER TABLE t ADD c INT DEFAULT 4 COMMENT '\xc1\xff'",),
        )
        for charset in ("dec8", "armscii8", "geostd8", "keybcs2", "macce", "hp8")
    },
    "a name in latin1": (
        ("SET NAMES latin1",),
        (
            b"CREATE TABLE `caf\xc3\xa9` (id INT PRIMARY KEY)",
            b"INSERT INTO `caf\xc3\xa9` VALUES (1)",
        ),
        (b"TRUNCATE TABLE `caf\xc3\xa9`",),
    ),
    "a name in gbk": (
        ("SET NAMES gbk",),
        (b"CREATE TABLE \xc4\xbf (id INT PRIMARY KEY)", b"INSERT INTO \xc4\xbf VALUES (1)"),
        (b"TRUNCATE TABLE \xc4\xbf",),
    ),
    "a backslash within a character": (
        ("SET NAMES gbk",),
        (T, FILLED),
        (b"ALTER TABLE t COMMENT = '\x95\x5c', ADD c INT DEFAULT 2 COMMENT '\x81\x5c'",),
    ),
    "a backtick within a character": (
        ("SET NAMES sjis",),
        (b"CREATE TABLE `\x83\x60` (id INT PRIMARY KEY)", b"INSERT INTO `\x83\x60` VALUES (1)"),
        (b"TRUNCATE `\x83\x60`",),
    ),
    "a backslash that escapes nothing": (
        ("SET sql_mode = 'NO_BACKSLASH_ESCAPES'",),
        (T, FILLED),
        (b"ALTER TABLE t COMMENT='c:\\', ADD COLUMN z INT DEFAULT 3 COMMENT 'd:\\'",),
    ),
    "quotes around names": (
        ("SET sql_mode = 'ANSI_QUOTES'",),
        (T, FILLED),
        (b'TRUNCATE TABLE "t"',),
    ),
    "quotes around text with a name in it": (
        ("SET sql_mode = ''",),
        (T, FILLED),
        (b"ALTER TABLE t ADD c CHAR(9) DEFAULT \"a'b\", ADD d CHAR(9) DEFAULT 'a\\'b'",),
    ),
}


async def test_bytes_mean_what_they_mean_to_the_server(
    source: Source, make_road: RoadFactory
) -> None:
    databases = {name: f"{source.database}_{n}" for n, name in enumerate(CASES)}
    other = f"{source.database}_other".encode()
    for name, (session, before, _) in CASES.items():
        source.run(f"CREATE DATABASE {databases[name]}")
        send(source, databases[name], session, before, other)
    road = make_road(databases=tuple(databases.values()))

    async with road.going():
        await road.settled()
        for name, (session, _, after) in CASES.items():
            send(source, databases[name], session, after, other)
        await road.settled()

    titles = {database: name for name, database in databases.items()}
    found = await differences(road)
    source.run(f"DROP DATABASE {other.decode()}")
    assert [f"{titles[line.partition('.')[0]]}: {line}" for line in found] == []


def send(
    source: Source, database: str, session: Session, statements: tuple[bytes, ...], other: bytes
) -> None:
    """Run statements as their bytes are, which a driver would not send."""
    with source.connect(database) as connection, connection.cursor() as cursor:
        for statement in session:
            cursor.execute(statement)
        for raw in statements:
            driver: Any = connection
            driver._execute_command(3, raw.replace(b"{other}", other))
            driver._read_query_result()
