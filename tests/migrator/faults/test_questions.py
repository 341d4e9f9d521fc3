"""What was read is found again by its own literal: every kind of key, alone and in compounds.

Else a copy would leave rows out, and a row that is read again would be taken for gone.
"""

from collections.abc import AsyncIterator, Iterator

import pytest

from migrator.model.document_key import document_key
from migrator.model.rows import Operation
from migrator.model.scope import Scope
from migrator.model.state import KeyRange
from migrator.mysql.catalog.tables import Table, quoted_table, read_tables
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.wire.connection import Connection, SourceUrl, connect
from migrator.snapshot.chunks import chunk_sql, read_chunk, rows_between_sql, rows_sql
from tests.migrator.conftest import RoadFactory
from tests.migrator.road import Road, Source
from tests.migrator.twin import differences

OPTIONS = TypeOptions("string", "truncate")
TEXT = ("'a'", "'B'", "'b '", "''", "'é'", "'ÿ'", "'z0'")
PERSIAN = ("'ک'", "'گ'", "'پ'", "'a'")
HAN = ("'目'", "'中'", "'a'", "'丂'")
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "tinyint": ("TINYINT", ("-128", "0", "127")),
    "bigint unsigned": ("BIGINT UNSIGNED", ("0", "9223372036854775808", "18446744073709551615")),
    "bigint": ("BIGINT", ("-9223372036854775808", "-1", "9223372036854775807")),
    "bit": ("BIT(12)", ("b'0'", "b'101'", "b'111111111111'")),
    "decimal": ("DECIMAL(12,3)", ("-1.500", "0", "0.001", "999999999.999")),
    "long decimal": ("DECIMAL(50,10)", ("-1.5", "0", "1234567890123456789012345678901234567890.5")),
    "date": (
        "DATE",
        (
            "'0010-01-02'",
            "'0050-06-01'",
            "'0099-12-31'",
            "'0100-01-01'",
            "'1999-06-01'",
            "'9999-12-31'",
            "'0000-00-00'",
            "'2020-00-00'",
        ),
    ),
    "datetime": ("DATETIME", ("'0050-06-01 01:02:03'", "'1000-01-01'", "'2024-01-01 23:59:59'")),
    "datetime in milliseconds": (
        "DATETIME(3)",
        ("'0099-12-31 23:59:59.999'", "'2024-01-01 00:00:00.001'"),
    ),
    "datetime in microseconds": (
        "DATETIME(6)",
        ("'2024-01-01 00:00:00.000001'", "'2024-01-01 00:00:00.000002'"),
    ),
    "timestamp": ("TIMESTAMP", ("'1970-01-02 00:00:01'", "'2038-01-19 03:14:07'")),
    "time": ("TIME(2)", ("'-838:59:59'", "'-00:00:00.5'", "'00:00:00'", "'838:59:59'")),
    "year": ("YEAR", ("0", "1901", "1970", "2000", "2069", "2155")),
    "enum": ("ENUM('b','a','ü')", ("'a'", "'b'", "'ü'")),
    "enum in latin1": ("ENUM('b','ü') CHARACTER SET latin1", ("'b'", "'ü'")),
    "set": ("SET('x','y','ü')", ("''", "'x'", "'x,y'", "'y,ü'")),
    "binary": ("BINARY(3)", ("x'00'", "x'ff00ff'", "x'275c27'")),
    "varbinary": ("VARBINARY(9)", ("''", "x'00'", "x'0000'", "x'ff'")),
    "char": ("CHAR(9)", ("'a'", "'B'", "''", "'é'")),
    **{
        charset: (f"VARCHAR(9) CHARACTER SET {charset}", TEXT)
        for charset in (
            "utf8mb4",
            "utf8mb3",
            "latin1",
            "latin2",
            "ucs2",
            "utf16",
            "utf16le",
            "utf32",
        )
    },
    **{charset: (f"VARCHAR(9) CHARACTER SET {charset}", PERSIAN) for charset in ("cp1256",)},
    **{
        charset: (f"VARCHAR(9) CHARACTER SET {charset}", HAN)
        for charset in ("gbk", "sjis", "big5", "ujis", "euckr", "cp932", "gb2312")
    },
    "binary text": ("VARCHAR(9) COLLATE utf8mb4_bin", TEXT),
    "a prefix": ("VARCHAR(9)", ("'aaaa'", "'bbbb'")),
}
MYSQL = {
    "text without padding": ("VARCHAR(9) COLLATE utf8mb4_0900_as_cs", TEXT),
    "gb18030": ("VARCHAR(9) CHARACTER SET gb18030", HAN),
}
MARIADB = {
    "uuid": (
        "UUID",
        ("'00000000-0000-0000-0000-000000000001'", "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'"),
    ),
    "inet6": ("INET6", ("'::1'", "'ffff::'")),
    "inet4": ("INET4", ("'0.0.0.1'", "'255.0.0.1'")),
    "text without padding": ("VARCHAR(9) COLLATE utf8mb4_nopad_bin", TEXT),
}


@pytest.fixture
async def connection(source: Source) -> AsyncIterator[Connection]:
    async with await connect(SourceUrl.parse(source.url), database=source.database) as opened:
        yield opened
    source.run(f"DROP DATABASE {source.database}")


async def test_every_key_is_found_again(source: Source, connection: Connection) -> None:
    kinds = KINDS | (MARIADB if source.is_mariadb else MYSQL)
    for number, (name, (kind, values)) in enumerate(kinds.items()):
        part = "(3)" if name == "a prefix" else ""
        made = {
            f"alone{number}": (f"k {kind}, v INT, PRIMARY KEY (k{part})", "{0}, 1"),
            f"first{number}": (f"k {kind}, n INT, PRIMARY KEY (k{part}, n)", "{0}, {1}"),
            f"last{number}": (f"n INT, k {kind}, PRIMARY KEY (n, k{part})", "{1}, {0}"),
        }
        source.run("SET NAMES utf8mb4, sql_mode = ''", *statements(made, values))
    tables = await read_tables(connection, Scope((source.database,)))
    titles = list(kinds)

    lost = {}
    for table in tables:
        if found := await losses(connection, table):
            number = int("".join(filter(str.isdigit, table.name.name)))
            lost[f"{titles[number]}: {table.name.name}"] = found

    assert len(tables) == 3 * len(kinds)
    assert lost == {}


def statements(made: dict[str, tuple[str, str]], values: tuple[str, ...]) -> Iterator[str]:
    """Tables with a row for each value, and in compounds for each number beside it."""
    for table, (columns, row) in made.items():
        yield f"CREATE TABLE {table} ({columns}) CHARSET utf8mb4"
        for value in values:
            for number in 7, 8:
                yield f"INSERT IGNORE INTO {table} VALUES ({row.format(value, number)})"


async def losses(connection: Connection, table: Table) -> str:
    """What goes wrong when the table is copied row by row, or its rows are read again."""
    ((count,),) = await connection.query(f"SELECT COUNT(*) FROM {quoted_table(table.name)}")
    documents: list[bytes] = []
    last = None
    for _ in range(count + 1):
        sql = chunk_sql(table, last, KeyRange(), 1)
        chunk = await read_chunk(connection, sql, table, OPTIONS, 1)
        if chunk.last is None:
            break
        last = chunk.last
        documents += [
            row
            for group in chunk.groups
            if group.operation is Operation.INSERT
            for row in group.rows
        ]
    if len(documents) != count:
        return f"{len(documents)} of {count} rows are copied"
    wanted = sorted(map(document_key, documents))
    if len(set(wanted)) != count:
        return "two rows have one _id"
    for question in rows_sql, rows_between_sql:
        sql = question(table, wanted)
        chunk = await read_chunk(connection, sql, table, OPTIONS, count + 1)
        found = sorted(document_key(row) for group in chunk.groups for row in group.rows)
        if found != wanted:
            return f"{question.__name__} finds {len(found)} of {count} rows"
    return ""


async def test_rows_in_part_of_compound_keys_are_read_again(source: Source, road: Road) -> None:
    source.run(
        "SET NAMES utf8mb4",
        "CREATE TABLE e (k ENUM('a','b'), n INT, v INT, x INT, PRIMARY KEY (k, n))",
        "CREATE TABLE l (k CHAR(9) CHARACTER SET latin1, n INT, v INT, x INT, PRIMARY KEY (k, n))",
        "CREATE TABLE d (k DATE, n INT, v INT, x INT, PRIMARY KEY (k, n))",
        "INSERT INTO e VALUES ('a', 7, 1, 1), ('b', 7, 1, 1)",
        "INSERT INTO l VALUES ('é', 7, 1, 1), ('ÿ', 7, 1, 1)",
        "INSERT INTO d VALUES ('0050-06-01', 7, 1, 1), ('0099-12-31', 7, 1, 1)",
    )

    async with road.going():
        await road.settled()
        await source.change(
            "SET SESSION binlog_row_image = MINIMAL",
            "UPDATE e SET v = 2",
            "UPDATE l SET v = 2",
            "UPDATE d SET v = 2",
            "UPDATE e SET n = 8 WHERE k = 'a'",
            "DELETE FROM l WHERE k = 'ÿ'",
        )
        await road.settled()

    assert [[one["v"] for one in road.documents(name)] for name in "eld"] == [[2, 2], [2], [2, 2]]
    assert await differences(road) == []


async def test_a_row_in_part_is_not_read_by_a_key_that_it_did_not_have(
    source: Source, make_road: RoadFactory
) -> None:
    road = make_road()
    source.run(
        "CREATE TABLE t (a INT, b INT, v INT, PRIMARY KEY (a))",
        "INSERT INTO t VALUES (1, 2, 1), (2, 1, 2)",
    )
    await road.copy()

    source.run(
        "SET SESSION binlog_row_image = MINIMAL",
        "UPDATE t SET v = 10 WHERE a = 1",
        "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (b)",
        "UPDATE t SET v = 20 WHERE b = 1",
        "DELETE FROM t WHERE b = 2",
    )
    await road.copy()

    assert [(one["_id"], one["v"]) for one in road.documents("t")] == [(1, 20)]
    assert await differences(road) == []
