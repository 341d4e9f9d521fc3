"""Text, bytes, labels and numbers where they are not usual."""

import asyncio
from collections.abc import Sequence
from typing import Any

import bson
import pytest
from bson import Decimal128

from migrator.model.rows import Operation, RowGroup
from migrator.mysql.wire.connection import Connection, SourceUrl
from tests.migrator.types.two_inputs import table
from tests.migrator.types.whole_rows import catalogue_of, documents, events_of, groups_of, selected


async def keyed(
    connection: Connection, declaration: str, *values: str
) -> tuple[list[RowGroup], ...]:
    """The runs of both roads of a table whose key has the values."""
    await connection.query(f"CREATE TABLE k (v {declaration}, PRIMARY KEY (v))")
    events = await events_of(connection, [f"INSERT INTO k VALUES ({one})" for one in values])
    catalogue = await catalogue_of(connection, "k")
    return groups_of(events, catalogue), await selected(connection, catalogue)


def told(runs: list[RowGroup], operation: Operation) -> int:
    return sum(len(run.rows) for run in runs if run.operation is operation)


def values_of(
    url: SourceUrl, declaration: str, *values: str, before: Sequence[str] = ()
) -> list[Any]:
    """What the values are on both roads."""
    return asyncio.run(_values_of(url, declaration, values, before))


async def _values_of(
    url: SourceUrl, declaration: str, values: Sequence[str], before: Sequence[str]
) -> list[Any]:
    async with table(url, declaration) as connection:
        for statement in before:
            await connection.query(statement)
        rows = ", ".join(f"({number}, {value})" for number, value in enumerate(values))
        events = await events_of(connection, [f"INSERT INTO t VALUES {rows}"])
        catalogue = await catalogue_of(connection)
        streamed = documents(groups_of(events, catalogue))
        assert documents(await selected(connection, catalogue)) == streamed
    return [bson.decode(document)["v"] for document in streamed]


async def test_a_key_of_ambiguous_text_is_refused_on_both_roads(url: SourceUrl) -> None:
    async with table(url, "INT") as connection:
        # NEC's and IBM's not sign have one character in Unicode, and two codes here.
        streamed, copied = await keyed(
            connection,
            "VARCHAR(9) CHARACTER SET cp932 COLLATE cp932_bin",
            *("_cp932 X'61'", "_cp932 X'81CA'", "_cp932 X'EEF9'"),
        )

    assert told(streamed, Operation.REFUSE) == told(copied, Operation.REFUSE) == 1
    assert sorted(documents(streamed)) == sorted(documents(copied))


def test_text_outside_of_a_key_may_be_ambiguous(url: SourceUrl) -> None:
    values = values_of(url, "VARCHAR(9) CHARACTER SET cp932", "_cp932 X'81CA'", "_cp932 X'EEF9'")

    assert values == ["\uffe2", "\uffe2"]


def test_the_empty_set_and_the_empty_label_are_both_no_labels(url: SourceUrl) -> None:
    values = values_of(url, "SET('', 'a', 'b')", *map(str, range(8)))

    assert values == [
        *([], [], ["a"], ["a"]),
        *(["b"], ["b"], ["a", "b"], ["a", "b"]),
    ]


def test_an_empty_label_behind_others_is_there(url: SourceUrl) -> None:
    values = values_of(url, "SET('a', '')", "0", "1", "2", "3")

    assert values == [[], ["a"], [], ["a", ""]]


@pytest.mark.parametrize(
    ("declaration", "values", "refused"),
    [
        ("SET('a', 'b')", ("0", "1", "2", "3"), 0),
        ("SET('', 'b')", ("0", "1", "2", "3"), 4),
        ("ENUM('a', 'b')", ("0", "1", "2"), 0),
        ("ENUM('', 'b')", ("0", "1", "2"), 2),
    ],
)
async def test_keys_that_two_values_would_share_are_refused(
    url: SourceUrl, declaration: str, values: tuple[str, ...], refused: int
) -> None:
    async with table(url, "INT") as connection:
        await connection.query("SET sql_mode = ''")
        streamed, copied = await keyed(connection, declaration, *values)

    for runs in (streamed, copied):
        assert told(runs, Operation.REFUSE) == refused
    assert sorted(documents(streamed)) == sorted(documents(copied))


async def test_full_length_padding_changes_no_document(url: SourceUrl) -> None:
    async with table(url, "CHAR(9) CHARACTER SET utf16") as connection:
        events = await events_of(connection, ["INSERT INTO t VALUES (1, 'a '), (2, ' ')"])
        await connection.query("SET sql_mode = 'PAD_CHAR_TO_FULL_LENGTH'")
        catalogue = await catalogue_of(connection)

        copied = documents(await selected(connection, catalogue))

    assert copied == documents(groups_of(events, catalogue))


def test_a_decimal_that_is_rounded_to_zero_has_no_sign(url: SourceUrl) -> None:
    values = values_of(url, "DECIMAL(5,2)", "-0.001", "-0.00", "-0.0049", "0 * -1", "-1e-9")

    assert values == [Decimal128("0.00")] * 5


async def test_zero_with_a_sign_is_zero_in_a_key_and_keeps_it_outside(
    mysql_url: SourceUrl,
) -> None:
    async with table(mysql_url, "INT") as connection:  # MariaDB keeps no such sign.
        streamed, copied = await keyed(connection, "DOUBLE", "-0e0")

    assert documents(streamed) == documents(copied) == [bson.encode({"_id": 0.0, "v": -0.0})]


def test_a_decimal_of_no_digits_before_the_point(url: SourceUrl) -> None:
    values = values_of(url, "DECIMAL(3,3)", "-0.999", "0.001")

    assert values == [Decimal128("-0.999"), Decimal128("0.001")]


@pytest.mark.parametrize("wrap", ["ON", "OFF"])
@pytest.mark.parametrize("level", [0, 6])
def test_compressed_text_of_mariadb(mariadb_url: SourceUrl, wrap: str, level: int) -> None:
    values = values_of(
        mariadb_url,
        "MEDIUMTEXT COMPRESSED",
        *("''", "'a'", "REPEAT('é', 1000)", "REPEAT('x', 100000)"),
        before=[
            f"SET column_compression_zlib_wrap = {wrap}",
            f"SET column_compression_zlib_level = {level}",
        ],
    )

    assert values == ["", "a", "é" * 1000, "x" * 100_000]


def test_binary_has_its_full_length(url: SourceUrl) -> None:
    values = values_of(url, "BINARY(4)", "''", "X'0100'", "X'00'", "'a '")

    assert values == [b"\0" * 4, b"\1\0\0\0", b"\0" * 4, b"a \0\0"]
