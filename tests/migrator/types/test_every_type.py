"""A table with every type of its server: a snapshot's documents are the stream's to the byte."""

import pytest

from migrator.model.rows import Operation
from migrator.mysql.types import TypeOptions
from migrator.mysql.wire.connection import Connection, SourceUrl
from tests.migrator.types.two_inputs import table as own_table
from tests.migrator.types.whole_rows import catalogue_of, documents, events_of, groups_of, selected

COMMON = {
    "tiny": ("TINYINT", "-128", "0", "127"),
    "tinyu": ("TINYINT UNSIGNED", "0", "1", "255"),
    "small": ("SMALLINT", "-32768", "0", "32767"),
    "smallu": ("SMALLINT UNSIGNED", "0", "1", "65535"),
    "medium": ("MEDIUMINT", "-8388608", "-1", "8388607"),
    "mediumu": ("MEDIUMINT UNSIGNED", "0", "1", "16777215"),
    "whole": ("INT", "-2147483648", "0", "2147483647"),
    "wholeu": ("INT UNSIGNED", "0", "1", "4294967295"),
    "big": ("BIGINT", "-9223372036854775808", "0", "9223372036854775807"),
    "bigu": ("BIGINT UNSIGNED", "0", "9223372036854775807", "18446744073709551615"),
    "dec": ("DECIMAL(10,2)", "-12345678.90", "0", "99999999.99"),
    "dec_small": ("DECIMAL(4,4)", "-0.1234", "0", "0.0001"),
    "dec_34": ("DECIMAL(34,12)", "-1234567890123456789012.123456789012", "0", "1"),
    "dec_65": ("DECIMAL(65,30)", "-1.000000000000000000000000000001", "0", "12345"),
    "dec_u": ("DECIMAL(18,0)", "-999999999999999999", "0", "999999999999999999"),
    "flt": ("FLOAT", "-1.5", "0.1", "3.4e38"),
    "dbl": ("DOUBLE", "-1.5", "0.1", "1.7976931348623157e308"),
    "bit1": ("BIT(1)", "b'0'", "b'1'", "b'1'"),
    "bit13": ("BIT(13)", "0", "1", "8191"),
    "bit64": ("BIT(64)", "0", "1", "18446744073709551615"),
    "y": ("YEAR", "1901", "0", "2155"),
    "d": ("DATE", "'1000-01-01'", "'0000-00-00'", "'9999-12-31'"),
    "d_part": ("DATE", "'2020-00-15'", "'2024-02-29'", "'1969-12-31'"),
    "dt": ("DATETIME", "'1000-01-01 00:00:00'", "'0000-00-00'", "'9999-12-31 23:59:59'"),
    "dt1": ("DATETIME(1)", "'1969-12-31 23:59:59.9'", "'0000-00-00'", "'2020-00-00 01:02:03.4'"),
    "dt3": (
        "DATETIME(3)",
        "'1969-12-31 23:59:59.999'",
        "'0000-00-00'",
        "'2024-06-30 12:00:00.001'",
    ),
    "dt4": ("DATETIME(4)", "'1969-12-31 23:59:59.9999'", "'0000-00-00'", "'2024-06-30 12:00:00'"),
    "dt6": ("DATETIME(6)", "'1969-12-31 23:59:59.999999'", "'0000-00-00'", "'2024-06-30'"),
    "ts": ("TIMESTAMP NULL", "'1970-01-01 00:00:01'", "'0000-00-00'", "'2038-01-19 03:14:07'"),
    "ts3": (
        "TIMESTAMP(3) NULL",
        "'1970-01-01 00:00:01.001'",
        "'0000-00-00'",
        "'2024-01-01 1:2:3.4'",
    ),
    "ts6": (
        "TIMESTAMP(6) NULL",
        "'1970-01-01 00:00:01'",
        "'0000-00-00'",
        "'2024-01-01 1:2:3.999999'",
    ),
    "t": ("TIME", "'-838:59:59'", "'00:00:00'", "'838:59:59'"),
    "t1": ("TIME(1)", "'-00:00:00.1'", "'-01:00:00.5'", "'12:34:56.7'"),
    "t4": ("TIME(4)", "'-00:00:00.0001'", "'-01:00:00.5'", "'12:34:56.7891'"),
    "t6": ("TIME(6)", "'-838:59:58.999999'", "'-00:00:01'", "'838:59:59'"),
    "c": ("CHAR(10)", "''", "'a  '", "'üñîçødé'"),
    "c_latin": ("CHAR(10) CHARACTER SET latin1", "''", "'€'", "'é'"),
    "vc": ("VARCHAR(20)", "''", "'a  '", "'سلام 😀'"),
    "vc_long": ("VARCHAR(300)", "REPEAT('x', 300)", "'a'", "REPEAT('é', 250)"),
    "vc_utf16": ("VARCHAR(20) CHARACTER SET utf16", "''", "'a'", "'😀é'"),
    "vc_gbk": ("VARCHAR(20) CHARACTER SET gbk", "''", "'a'", "'中文'"),
    "txt": ("TEXT", "''", "REPEAT('long ', 5000)", "'é'"),
    "txt_tiny": ("TINYTEXT", "''", "REPEAT('y', 255)", "'é'"),
    "txt_medium": ("MEDIUMTEXT", "''", "REPEAT('z', 70000)", "'é'"),
    "txt_long": ("LONGTEXT CHARACTER SET latin1", "''", "REPEAT('z', 70000)", "'é'"),
    "bin": ("BINARY(8)", "''", "X'00010000'", "X'FFFFFFFFFFFFFFFF'"),
    "vbin": ("VARBINARY(300)", "''", "X'00010000'", "REPEAT(X'FF', 300)"),
    "blb": ("BLOB", "''", "X'00010000'", "REPEAT(X'FF', 300)"),
    "blb_long": ("LONGBLOB", "''", "X'00010000'", "REPEAT(X'FF', 70000)"),
    "en": ("ENUM('a', 'ü', 'c,d')", "'a'", "'ü'", "3"),
    "en_latin": ("ENUM('a', 'ü') CHARACTER SET latin1", "'a'", "'ü'", "0"),
    "st": ("SET('x', 'y', 'ü')", "''", "'x,ü'", "'x,y,ü'"),
    "js": ("JSON", "'{}'", "'[1, \"a\", null, 1.5]'", '\'{"b": {"a": [true]}, "$x.y": "é"}\''),
    "geo": (
        "GEOMETRY",
        "ST_GeomFromText('POINT(1 2)')",
        "ST_GeomFromText('POLYGON((0 0, 4 0, 4 4, 0 0))')",
        "ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(0 0, 1 1))')",
    ),
}
OWN = {
    "mysql": {
        "vec": (
            "VECTOR(2)",
            "STRING_TO_VECTOR('[1,2]')",
            "STRING_TO_VECTOR('[0.5,-1]')",
            "STRING_TO_VECTOR('[0,0]')",
        ),
        "vc_0900": ("VARCHAR(9) COLLATE utf8mb4_0900_bin", "'a '", "' '", "'ß'"),
    },
    "mariadb": {
        "uid": (
            "UUID",
            "'00000000-0000-0000-0000-000000000000'",
            "'123e4567-e89b-12d3-a456-426614174000'",
            "'ffffffff-ffff-ffff-ffff-ffffffffff00'",
        ),
        "ip4": ("INET4", "'0.0.0.0'", "'127.0.0.1'", "'255.255.255.0'"),
        "ip6": ("INET6", "'::'", "'::ffff:1.2.3.4'", "'2001:db8::1'"),
        "zip": ("TEXT COMPRESSED", "''", "REPEAT('é', 1000)", "'a'"),
        "zip_vc": ("VARCHAR(2000) COMPRESSED", "''", "REPEAT('é', 1000)", "'a'"),
        "uca": ("VARCHAR(9) COLLATE uca1400_ai_ci", "'a '", "' '", "'ß'"),
    },
}


def columns_of(connection: Connection) -> dict[str, tuple[str, str, str, str]]:
    own = OWN["mariadb" if connection.server.is_mariadb else "mysql"]
    return {**COMMON, **own}


async def fill(connection: Connection) -> list[str]:
    """The statements that give the table its rows: three with values, and NULLs in between."""
    columns = columns_of(connection)
    lines = ", ".join(f"`{name}` {kinds[0]}" for name, kinds in columns.items())
    await connection.query("SET sql_mode = ''")
    await connection.query(f"CREATE TABLE every (id INT PRIMARY KEY, {lines}) ROW_FORMAT=DYNAMIC")
    inserts = []
    for row in range(30):
        # The first rows have all values, of the others each has other columns.
        values = [
            "NULL" if row >= 9 and (place * 7 + row) % 5 == 0 else kinds[1 + row % 3]
            for place, kinds in enumerate(columns.values())
        ]
        inserts.append(f"INSERT INTO every VALUES ({row}, {', '.join(values)})")
    return inserts


@pytest.mark.parametrize("zero_dates", ["string", "null"])
@pytest.mark.parametrize("microseconds", ["truncate", "string"])
async def test_a_snapshot_has_the_documents_of_the_stream(
    url: SourceUrl, zero_dates: str, microseconds: str
) -> None:
    options = TypeOptions(zero_dates, microseconds)  # type: ignore[arg-type]
    async with own_table(url, "INT") as connection:
        inserts = await fill(connection)
        events = await events_of(connection, inserts)
        table = await catalogue_of(connection, "every")

        streamed = groups_of(events, table, options)
        copied = await selected(connection, table, options)

    assert {group.operation for group in streamed} == {Operation.INSERT}
    assert {group.operation for group in copied} == {Operation.INSERT}
    assert len(documents(copied)) == 30
    assert documents(copied) == documents(streamed)
