"""JSON of MySQL: what the log has is what a SELECT has, and both are what was written."""

import json
from decimal import Decimal
from typing import Any

import pytest
from bson import Decimal128, Int64
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrator.errors import BinlogCorrupt, ValueRefused
from migrator.mysql.columns.codec import Value
from migrator.mysql.json.binary import parse_binary
from migrator.mysql.json.text import parse_text
from migrator.mysql.types.json import value_of
from migrator.mysql.wire.connection import SourceUrl
from tests.migrator.types.two_inputs import both, decoded

INT64_MAX, UINT64_MAX = 2**63 - 1, 2**64 - 1
EDGES = [0, 1, -1, 127, -128, 2**15 - 1, -(2**15), 2**15, 2**16 - 1, 2**31 - 1, -(2**31), 2**31,
         2**32 - 1, 2**32, INT64_MAX, -(2**63), INT64_MAX + 1, UINT64_MAX]  # fmt: skip
DOUBLES = [0.0, -0.0, 1.0, -1.5, 0.1, 1e15, 1e16, 123456789012345.0, 2.0**53, 1e22, 1e23, 5e-324,
           2.2250738585072014e-308, 1.7976931348623157e308, -1e-7, 0.30000000000000004,
           9007199254740993.0, 123456789.12345678]  # fmt: skip

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), UINT64_MAX)
    | st.sampled_from(EDGES)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
)
KEYS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


def as_stored(value: Any) -> Any:
    """What is expected of a document: MySQL's order of the keys, and BSON's numbers."""
    match value:
        case dict():
            keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
            return {key: as_stored(value[key]) for key in keys}
        case list():
            return [as_stored(one) for one in value]
        case int() if value > INT64_MAX:
            return Decimal128(str(value))
    return value


def documents(url: SourceUrl, *values: Any) -> list[Value]:
    """What the stream and the snapshot agree on."""
    pairs = both(url, "JSON", *["%s"] * len(values), args=[json.dumps(one) for one in values])
    for pair in pairs:
        assert pair.streamed == pair.selected
    return [pair.streamed for pair in pairs]


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(values=st.lists(DOCUMENTS, min_size=40, max_size=80))
def test_whatever_is_written_comes_out_of_both_inputs(
    mysql_url: SourceUrl, values: list[Any]
) -> None:
    found = documents(mysql_url, *values)

    assert found == [value_of(as_stored(value)) for value in values]


def test_numbers_at_the_edges_of_every_width_are_kept(mysql_url: SourceUrl) -> None:
    values = [*EDGES, *DOUBLES, EDGES, DOUBLES, dict(zip("abcdefghijklmnopqr", EDGES, strict=True))]

    found = documents(mysql_url, *values)

    assert found == [value_of(as_stored(value)) for value in values]


def test_the_type_of_a_number_is_that_of_its_text(mysql_url: SourceUrl) -> None:
    texts = ["2147483647", "2147483648", "9223372036854775807", "9223372036854775808", "1.0", "-0",
             "18446744073709551616"]  # fmt: skip

    pairs = both(mysql_url, "JSON", *(f"'{text}'" for text in texts))

    assert [pair.streamed[0] for pair in pairs] == [0x10, 0x12, 0x12, 0x13, 0x01, 0x10, 0x01]
    assert [pair.value for pair in pairs][3:] == [
        Decimal128("9223372036854775808"), 1.0, 0, 18446744073709551616.0
    ]  # fmt: skip


DECIMALS = {
    "CAST(5 AS DECIMAL(10,0))": 5,
    "CAST(-5 AS DECIMAL(30,0))": -5,
    "CAST(1.50 AS DECIMAL(10,2))": 1.5,
    "CAST(-0.05 AS DECIMAL(10,2))": -0.05,
    "CAST('-0.00' AS DECIMAL(10,2))": 0.0,
    "CAST(9999999999999.99 AS DECIMAL(16,2))": 9999999999999.99,
    "CAST(99999999999999.99 AS DECIMAL(16,2))": Decimal128("99999999999999.99"),
    "CAST(123456789012345678 AS DECIMAL(18,0))": Int64(123456789012345678),
    "CAST('99999999999999999999' AS DECIMAL(20,0))": Decimal128("99999999999999999999"),
    "CAST('-9223372036854775809' AS DECIMAL(20,0))": Decimal128("-9223372036854775809"),
    "CAST('0.12345678901234567890' AS DECIMAL(30,20))": Decimal128("0.12345678901234567890"),
    "CAST('-12345678901.0123456789' AS DECIMAL(30,10))": Decimal128("-12345678901.0123456789"),
    "CAST(REPEAT('9', 34) AS DECIMAL(65,0))": Decimal128("9" * 34),
    "CAST(REPEAT('9', 35) AS DECIMAL(65,0))": "9" * 35,
    "CAST(CONCAT('-', REPEAT('9', 35), '.', REPEAT('8', 30)) AS DECIMAL(65,30))":
        "-" + "9" * 35 + "." + "8" * 30,
    "CAST('0.000000000000000000000000000001' AS DECIMAL(65,30))": 1e-30,
}  # fmt: skip


def test_decimals_keep_every_digit(mysql_url: SourceUrl) -> None:
    alone = both(mysql_url, "JSON", *(f"CAST({sql} AS JSON)" for sql in DECIMALS))
    (inside,) = both(mysql_url, "JSON", f"JSON_ARRAY({', '.join(DECIMALS)})")

    assert inside.value == list(DECIMALS.values())
    assert [pair.value for pair in alone] == list(DECIMALS.values())
    assert [type(pair.value) for pair in alone] == [type(one) for one in DECIMALS.values()]


TEXTS = {
    "DATE'2020-02-29'": "2020-02-29",
    "DATE'0001-12-31'": "0001-12-31",
    "DATE'9999-12-31'": "9999-12-31",
    "CAST('0000-00-00' AS DATE)": "0000-00-00",
    "TIME'-838:59:59'": "-838:59:59.000000",
    "TIME'-00:00:00.000001'": "-00:00:00.000001",
    "TIME'-01:00:00.5'": "-01:00:00.500000",
    "TIME'100:00:01.5'": "100:00:01.500000",
    "TIMESTAMP'2020-01-02 03:04:05.6'": "2020-01-02 03:04:05.600000",
    "TIMESTAMP'9999-12-31 23:59:59.999999'": "9999-12-31 23:59:59.999999",
    "X'00FF'": "base64:type15:AP8=",
    "CAST('' AS BINARY)": "base64:type15:",
    "CAST(REPEAT('a', 57) AS BINARY)": "base64:type15:" + "YWFh" * 19,
    "CAST(REPEAT('a', 58) AS BINARY)": "base64:type15:" + "YWFh" * 19 + "\nYQ==",
    "CAST(REPEAT('a', 114) AS BINARY)": "base64:type15:" + "YWFh" * 19 + "\n" + "YWFh" * 19,
    "b'101'": "base64:type15:BQ==",
    "ST_GeomFromText('POINT(1 2)')": {
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:MySQL::0"}},
        "type": "Point",
        "coordinates": [1.0, 2.0],
    },
}


def test_what_json_does_not_know_is_the_text_that_the_server_prints(mysql_url: SourceUrl) -> None:
    alone = both(mysql_url, "JSON", *(f"CAST({sql} AS JSON)" for sql in TEXTS))
    (inside,) = both(mysql_url, "JSON", f"JSON_ARRAY({', '.join(TEXTS)})")

    assert inside.value == list(TEXTS.values())
    assert [pair.value for pair in alone] == list(TEXTS.values())


def test_columns_of_every_type_can_be_inside_json(mysql_url: SourceUrl) -> None:
    source = """CREATE TABLE s (y YEAR, b BIT(12), e ENUM('é'), m SET('x', 'y'), c CHAR(3),
        i BINARY(4), l BLOB, t TIMESTAMP(3), d DATETIME, f FLOAT, u BIGINT UNSIGNED,
        z TEXT CHARACTER SET latin1)"""
    row = """INSERT INTO s VALUES (1999, 257, 'é', 'x,y', 'c', 'ab', REPEAT('z', 60),
        '2020-01-02 03:04:05.678', '2020-01-02', 0.1, 18446744073709551615, 'ü')"""
    value = "(SELECT JSON_ARRAY(y, b, e, m, c, i, l, t, d, f, u, z) FROM s)"

    (pair,) = both(mysql_url, "JSON", value, before=[source, row])

    assert pair.value == [
        1999, "base64:type16:AQE=", "é", "x,y", "c", "base64:type254:YWIAAA==",
        "base64:type252:" + "enp6" * 19 + "\nenp6", "2020-01-02 03:04:05.678000",
        "2020-01-02 00:00:00.000000", 0.10000000149011612, Decimal128("18446744073709551615"), "ü",
    ]  # fmt: skip


def test_text_may_hold_anything(mysql_url: SourceUrl) -> None:
    values = ["", "\0", "a\0b", '"\\/\b\f\n\r\t', "\u2028\u2029\x7f\x1f", "سلام 😀 e\u0301",
              "x" * 70_000, "$a.b",
              {"$a.b": {"$set": 1}, "": "", "_id": 2, "a.b": {"_id": 1, "a": 0}}]  # fmt: skip

    found = documents(mysql_url, *values)

    assert [decoded(value) for value in found] == [as_stored(value) for value in values]
    assert list(decoded(found[-1])) == ["", "_id", "a.b", "$a.b"]


def test_large_containers_have_their_own_format(mysql_url: SourceUrl) -> None:
    values: list[Any] = [
        [*EDGES, "x" * 70_000, None, True, False, -1.5],
        {"k" * 300: "x" * 70_000, **{f"key{i}": EDGES[i] for i in range(len(EDGES))}},
        list(range(-40_000, 40_000)),
        {f"k{i}": {"i": i, "nested": [i]} for i in range(3000)},
    ]

    found = documents(mysql_url, *values)

    assert found == [value_of(as_stored(value)) for value in values]


def test_the_deepest_document_that_mysql_allows_is_bson(mysql_url: SourceUrl) -> None:
    pair, mixed = both(
        mysql_url, "JSON", f"'{'[' * 100}{']' * 100}'", f"""'{'{"a":[' * 50}{"]}" * 50}'"""
    )

    expected: list[Any] = []
    for _ in range(99):
        expected = [expected]
    assert pair.value == expected
    assert list(mixed.value) == ["a"]


def test_a_key_with_nul_refuses_the_row(mysql_url: SourceUrl) -> None:
    with pytest.raises(ValueRefused, match="a key holds NUL") as refusal:
        both(mysql_url, "JSON", r"""'{"secret\\u0000": 1}'""")

    assert "secret" not in str(refusal.value)
    with pytest.raises(ValueRefused, match="a key holds NUL"):
        value_of(parse_text(rb'{"secret\u0000": 1}'))


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


@settings(max_examples=300, deadline=None)
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
