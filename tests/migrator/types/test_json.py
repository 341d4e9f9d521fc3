"""JSON of MySQL: bytes that are no JSON, or too deep, are refused or corrupt."""

from decimal import Decimal

import pytest
from bson import Int64
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.errors import BinlogCorrupt, ValueRefused
from migrator.mysql.json.binary import parse_binary
from migrator.mysql.json.text import parse_text
from migrator.mysql.types.json import value_of


def test_nesting_beyond_the_servers_limit_refuses_the_row() -> None:
    # Small arrays of one small array each; the size of each counts its own four bytes, too.
    data = b"\0\0\4\0"
    for _ in range(100):
        data = b"\1\0" + (len(data) + 7).to_bytes(2, "little") + b"\2\7\0" + data

    with pytest.raises(ValueRefused, match="100 levels"):
        parse_binary(b"\2" + data)


def test_an_empty_value_is_null() -> None:
    # INSERT IGNORE of NULL into a column that is NOT NULL leaves one.
    assert parse_binary(b"") is None


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[1", b'"\xff"', b"[123456789012345678", b"nul", b"\xff"]
)
def test_text_that_is_not_json_is_corrupt(text: bytes) -> None:
    with pytest.raises(BinlogCorrupt):
        parse_text(text)


@settings(max_examples=3 * settings().max_examples, deadline=None)
@given(
    data=st.binary(max_size=60).map(lambda tail: b"\0\3\0\50\0" + tail) | st.binary(max_size=60),
    kind=st.sampled_from(range(16)),
)
def test_bytes_that_are_no_json_are_corrupt_and_nothing_else(data: bytes, kind: int) -> None:
    for candidate in (data, bytes((kind,)) + data):
        try:
            value_of(parse_binary(candidate))
        except (BinlogCorrupt, ValueRefused):
            continue


def test_offsets_that_lead_to_one_place_again_and_again_are_found() -> None:
    # Each of 30 arrays holds the next one twice: 2^30 values in 300 bytes.
    arrays = [b"\2\0\xff\0" + b"\2\12\0" * 2 for _ in range(30)]

    with pytest.raises(BinlogCorrupt, match="the same bytes twice"):
        parse_binary(b"\2" + b"".join(arrays) + b"\0\0\4\0")


@pytest.mark.parametrize(
    "data",
    [
        b"\0\1\0\40\0\20\0\5\0\4\0\0".ljust(20, b"k"),  # The key ends beyond the end.
        b"\2\1\0\40\0\14\20\0".ljust(17, b"\0") + b"\5abc",  # So does the string.
        b"\14\200\200\200\200\200\0",
        b"\4\3",
        b"\16\0",
        b"\17\366\2\4\2",
        b"\17\14\1\0",
    ],
)
def test_what_contradicts_the_binary_format_is_corrupt(data: bytes) -> None:
    with pytest.raises(BinlogCorrupt):
        parse_binary(data)


def test_a_decimal_without_a_point_is_an_integer_wherever_it_fits() -> None:
    found = parse_text(b"[1, 1.10000000000000000000, 1234567890123456789012345678901234567890]")

    assert found == [1, 1.1, "1234567890123456789012345678901234567890"]
    assert Decimal(str(found[1])) == Decimal("1.1")
    assert value_of(Int64(5))[0] == 0x12
