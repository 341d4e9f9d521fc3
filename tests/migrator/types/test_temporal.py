"""Dates and times as the servers print them become BSON dates, texts, nulls or refusals."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Literal

import bson
import pytest
from bson.codec_options import CodecOptions, DatetimeConversion

from migrator.errors import ValueRefused
from migrator.model.rows import Operation
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.columns.column import Column
from migrator.mysql.types import temporal
from migrator.mysql.wire.connection import SourceUrl
from tests.migrator.types.two_inputs import table as own_table
from tests.migrator.types.whole_rows import catalogue_of, documents, events_of, runs_of, selected

CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME
)
ZeroDates = Literal["string", "null", "refuse"]


def rows(
    url: SourceUrl, declaration: str, value: str, *options: TypeOptions
) -> list[tuple[str, dict[str, Any]]]:
    """The operation and the document of a row by each of the options, equal by both inputs."""
    return asyncio.run(_rows(url, declaration, value, options))


async def _rows(
    url: SourceUrl, declaration: str, value: str, options: tuple[TypeOptions, ...]
) -> list[tuple[str, dict[str, Any]]]:
    found = []
    async with own_table(url, declaration) as connection:
        await connection.query("SET sql_mode = 'ALLOW_INVALID_DATES'")
        events = await events_of(connection, [f"INSERT INTO t VALUES (0, {value})"])
        table = await catalogue_of(connection)
        for one in options:
            (streamed,) = runs_of(events, table, one)
            assert streamed.rows == documents(await selected(connection, table, one))
            found.append((streamed.operation.value, bson.decode(streamed.rows[0], CODEC)))
    return found


def value_of(
    url: SourceUrl,
    declaration: str,
    value: str,
    options: TypeOptions = TypeOptions(),  # noqa: B008  # It is frozen.
) -> Any:
    ((_, document),) = rows(url, declaration, value, options)
    return document["v"]


@pytest.mark.parametrize(
    ("declaration", "value", "expected"),
    [
        ("DATE", "'2024-02-29'", datetime(2024, 2, 29, tzinfo=UTC)),
        ("DATE", "'0001-01-01'", datetime(1, 1, 1, tzinfo=UTC)),
        ("DATETIME", "'9999-12-31 23:59:59'", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("DATETIME", "'1969-12-31 23:59:59'", datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (
            "DATETIME(3)",
            "'1969-12-31 23:59:59.987'",
            datetime(1969, 12, 31, 23, 59, 59, 987_000, tzinfo=UTC),
        ),
        (
            "DATETIME(6)",
            "'1969-12-31 23:59:59.987999'",
            datetime(1969, 12, 31, 23, 59, 59, 987_000, tzinfo=UTC),
        ),
        (
            "TIMESTAMP(2) NULL",
            "'2024-05-06 07:08:09.12'",
            datetime(2024, 5, 6, 7, 8, 9, 120_000, tzinfo=UTC),
        ),
        ("TIMESTAMP NULL", "'2038-01-19 03:14:07'", datetime(2038, 1, 19, 3, 14, 7, tzinfo=UTC)),
        ("TIME", "'-838:59:59'", "-838:59:59"),
        ("TIME", "'00:00:00'", "00:00:00"),
        ("TIME(2)", "'-00:00:00.05'", "-00:00:00.05"),
        ("TIME(6)", "'-12:00:01.000001'", "-12:00:01.000001"),
        ("TIME(3)", "'101:02:03.400'", "101:02:03.400"),
    ],
)
def test_a_moment_of_the_server(
    url: SourceUrl, declaration: str, value: str, expected: object
) -> None:
    assert value_of(url, declaration, value) == expected


@pytest.mark.parametrize("digits", [4, 5, 6])
@pytest.mark.parametrize("kind", ["DATETIME", "TIMESTAMP"])
def test_microseconds_may_be_kept_as_text(url: SourceUrl, kind: str, digits: int) -> None:
    text = "2024-05-06 07:08:09.123456"[: 20 + digits]

    kept = value_of(url, f"{kind}({digits}) NULL", f"'{text}'", TypeOptions(microseconds="string"))

    assert kept == text


@pytest.mark.parametrize(
    ("declaration", "value", "text"),
    [
        ("DATE", "'0000-00-00'", "0000-00-00"),
        ("DATE", "'2020-00-15'", "2020-00-15"),
        ("DATE", "'2020-11-00'", "2020-11-00"),
        ("DATE", "'2021-02-31'", "2021-02-31"),
        ("DATE", "'0000-01-01'", "0000-01-01"),
        ("DATETIME", "'0000-00-00 00:00:00'", "0000-00-00 00:00:00"),
        ("DATETIME(2)", "'2020-00-15 10:20:30.45'", "2020-00-15 10:20:30.45"),
        ("DATETIME(6)", "'0000-00-00 00:00:00'", "0000-00-00 00:00:00.000000"),
        ("TIMESTAMP NULL", "'0000-00-00 00:00:00'", "0000-00-00 00:00:00"),
        ("TIMESTAMP(3) NULL", "'0000-00-00 00:00:00'", "0000-00-00 00:00:00.000"),
    ],
)
def test_a_date_that_is_none_is_a_text_or_null_or_refused(
    url: SourceUrl, declaration: str, value: str, text: str
) -> None:
    options = [TypeOptions("string"), TypeOptions("null"), TypeOptions("refuse")]

    told, nothing, (operation, letter) = rows(url, declaration, value, *options)

    assert [told, nothing] == [
        (Operation.INSERT, {"_id": 0, "id": 0, "v": text}),
        (Operation.INSERT, {"_id": 0, "id": 0, "v": None}),
    ]
    assert operation == Operation.REFUSE
    assert (letter["_id"], letter["column"], letter["row"]) == (0, "v", {"id": 0})


@pytest.mark.parametrize("zero_dates", ["string", "null"])
async def test_dates_in_a_key_stay_different(url: SourceUrl, zero_dates: ZeroDates) -> None:
    options = TypeOptions(zero_dates)
    values = ["'0000-00-00'", "'2020-00-01'", "'2020-01-01 00:00:00.000001'", "'2020-01-01'"]
    async with own_table(url, "INT") as connection:
        await connection.query("SET sql_mode = ''")
        await connection.query("CREATE TABLE k (at DATETIME(6), day DATE, PRIMARY KEY (at, day))")
        inserts = [f"INSERT INTO k VALUES ({value}, {value})" for value in values]
        events = await events_of(connection, inserts)
        table = await catalogue_of(connection, "k")

        streamed = documents(runs_of(events, table, options))
        copied = documents(await selected(connection, table, options))

    midnight = datetime(2020, 1, 1, tzinfo=UTC)
    assert sorted(streamed) == sorted(copied)
    assert [bson.decode(row, CODEC)["_id"] for row in streamed] == [
        {"at": "0000-00-00 00:00:00.000000", "day": "0000-00-00"},
        {"at": "2020-00-01 00:00:00.000000", "day": "2020-00-01"},
        {"at": "2020-01-01 00:00:00.000001", "day": midnight},
        {"at": "2020-01-01 00:00:00.000000", "day": midnight},
    ]


def test_a_refusal_does_not_repeat_the_value() -> None:
    codec = Column("v", temporal.DATE).row_codec(TypeOptions("refuse"))

    with pytest.raises(ValueRefused) as caught:
        codec.value(2021 << 9 | 2 << 5 | 31)

    assert caught.value.reason == "is not a date of the calendar"
