"""What a cell's text becomes, by docs/types.md."""

from typing import Any

import pytest
from bson import Decimal128, Int64
from bson.binary import Binary
from bson.datetime_ms import DatetimeMS

from migrator.independent.values.column import Column
from migrator.independent.values.form import Refused, Unreadable, form
from migrator.independent.values.moments import Options
from migrator.independent.values.rules import value, value_in_key

POINT = bytes.fromhex("000000000101000000000000000000f03f0000000000000040")


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        (Column("c", "int", "int"), b"-7", -7),
        (Column("c", "int", "int unsigned"), b"7", Int64(7)),
        (Column("c", "mediumint", "mediumint unsigned"), b"7", 7),
        (Column("c", "bigint", "bigint"), b"7", Int64(7)),
        (Column("c", "bigint", "bigint unsigned"), b"9223372036854775808",
         Decimal128("9223372036854775808")),
        (Column("c", "bit", "bit(3)"), b"5", Int64(5)),
        (Column("c", "year", "year"), b"0000", 0),
        (Column("c", "decimal", precision=10), b"-0.50", Decimal128("-0.50")),
        (Column("c", "decimal", precision=5), b"001.50", Decimal128("1.50")),
        (Column("c", "decimal", precision=35), b"1.0", "1.0"),
        (Column("c", "float"), b"-0", -0.0),
        (Column("c", "date"), b"1969-12-31", DatetimeMS(-86_400_000)),
        (Column("c", "datetime", digits=6), b"1970-01-01 00:00:00.001999", DatetimeMS(1)),
        (Column("c", "date"), b"2023-02-31", "2023-02-31"),
        (Column("c", "date"), b"0000-05-06", "0000-05-06"),
        (Column("c", "time"), b"-838:59:59", "-838:59:59"),
        (Column("c", "set", charset="utf8mb4"), b"a,b", ["a", "b"]),
        (Column("c", "set", charset="utf8mb4"), b"", []),
        (Column("c", "blob"), b"\0", b"\0"),
        (Column("c", "json"), b'[2147483648, 1.10, 1e5, "x"]', [Int64(2**31), 1.1, 1e5, "x"]),
        (Column("c", "point"), POINT, {"type": "Point", "coordinates": [1.0, 2.0]}),
        (Column("c", "vector"), b"\0" * 4, Binary(b"\x27\0" + b"\0" * 4, 9)),
    ],
)  # fmt: skip
def test_a_cell_becomes_what_the_contract_says(column: Column, text: bytes, expected: Any) -> None:
    assert form(value(column, Options(), (text,))) == form(expected)


def test_null_is_null() -> None:
    assert value(Column("c", "int"), Options(), (None,)) is None


@pytest.mark.parametrize(
    ("options", "expected"),
    [(Options("null"), None), (Options("refuse"), Refused("c is a date that does not exist"))],
)
def test_the_setting_decides_on_dates_that_do_not_exist(options: Options, expected: Any) -> None:
    assert value(Column("c", "date"), options, (b"0000-00-00",)) == expected


def test_the_setting_decides_on_microseconds_of_a_whole_column() -> None:
    strings = Options(microseconds="string")

    assert value(Column("c", "datetime", digits=3), strings, (b"1970-01-01 00:00:00.001",)) == (
        DatetimeMS(1)
    )
    text = b"1970-01-01 00:00:00.0010"
    assert value(Column("c", "datetime", digits=4), strings, (text,)) == text.decode()


def test_in_a_key_no_two_values_look_the_same() -> None:
    null = Options("null")

    assert value_in_key(Column("c", "date"), null, (b"0000-00-00",)) == "0000-00-00"
    assert value_in_key(Column("c", "set", charset="utf8mb4"), null, (b"a,b",)) == "a,b"
    text = b"1970-01-01 00:00:00.0010"
    assert value_in_key(Column("c", "datetime", digits=4), null, (text,)) == text.decode()
    assert form(value_in_key(Column("c", "double"), null, (b"-0",))) == form(0.0)


def test_what_the_server_cannot_convert_is_read_by_the_published_set() -> None:
    column = Column("c", "varchar", charset="cp1256")

    assert value(column, Options(), (b"?", b"\x98")) == "ک"
    assert value(column, Options(), (b"?", b"?")) == "?"
    assert isinstance(
        value(Column("c", "char", charset="hp8"), Options(), (b"?", b"\xff")), Unreadable
    )


def test_bytes_that_are_no_text_are_unreadable() -> None:
    column = Column("c", "text", charset="utf8mb4")

    assert value(column, Options(), (b"\xff",)) == Unreadable("c: UnicodeDecodeError")
