"""Written programs and the long way give the same documents, whatever the bytes are."""

from collections.abc import Callable
from struct import calcsize
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.errors import BinlogCorrupt, ValueRefused
from migrator.model.rows import RowGroup
from migrator.mysql.catalog.columns import Column, ColumnType
from migrator.mysql.rows.codegen import image_program, result_program
from migrator.mysql.rows.decoder import BinlogDecoder, ResultDecoder
from migrator.mysql.rows.images import Images
from migrator.mysql.rows.layout import Layout
from migrator.mysql.types import TypeOptions, result_codec, row_codec
from migrator.mysql.types.codec import Codec
from tests.migrator.types.images import ID, INT, binary_row, image, shape

T = ColumnType
UTF8MB4, LATIN1, GBK, ASCII = 255, 8, 28, 11
LABELS = (b"new", b"old", "ü".encode())


def column(kind: ColumnType, metadata: int = 0, **more: Any) -> Column:
    return Column(f"c{kind.value}", kind, metadata, **more)


COLUMNS = [
    *[column(kind, unsigned=sign) for kind in (T.TINY, T.SHORT, T.INT24, T.LONG, T.LONGLONG)
      for sign in (False, True)],
    column(T.FLOAT, 4), column(T.DOUBLE, 8), column(T.YEAR),
    *[column(T.BIT, bits) for bits in (1, 13, 64)],
    *[column(T.NEWDECIMAL, precision << 8 | scale)
      for precision, scale in ((10, 2), (4, 4), (9, 0), (18, 9), (34, 10), (65, 30), (1, 0))],
    column(T.DATE), column(T.NEWDATE),
    *[column(kind, digits) for kind in (T.DATETIME2, T.TIMESTAMP2, T.TIME2)
      for digits in range(7)],
    column(T.DATETIME), column(T.TIMESTAMP), column(T.TIME),
    *[column(kind, size, collation=collation) for kind, size in ((T.STRING, 40), (T.VARCHAR, 300),
      (T.BLOB, 2), (T.BLOB, 4)) for collation in (UTF8MB4, LATIN1, GBK, ASCII, 63)],
    column(T.ENUM, 1, collation=UTF8MB4, labels=LABELS),
    column(T.SET, 1, collation=UTF8MB4, labels=LABELS),
    column(T.JSON, 4), column(T.GEOMETRY, 4), column(T.VECTOR, 4),
    column(T.UUID, 16), column(T.INET4, 4), column(T.INET6, 16),
]  # fmt: skip
OPTIONS = [
    TypeOptions(zero_dates, microseconds)
    for zero_dates in ("string", "null", "refuse")
    for microseconds in ("truncate", "string")
]


def sized(size: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=size, max_size=size)


PLAUSIBLE = st.one_of(
    st.binary(max_size=40),
    st.text(max_size=20).map(str.encode),
    st.sampled_from([0, 4, 7, 8, 11, 12]).flatmap(sized),
    st.decimals(allow_nan=False, allow_infinity=False).map(lambda one: f"{one:f}".encode()[:99]),
    # A date of the client protocol.
    st.tuples(
        st.integers(0, 9999).map(lambda year: year.to_bytes(2, "little")),
        st.integers(0, 13).map(lambda month: bytes((month,))),
        st.integers(0, 32).map(lambda day: bytes((day,))),
        st.sampled_from([0, 3, 7]).flatmap(sized),
    ).map(b"".join),
)


@st.composite
def value(draw: st.DrawFn, codec: Codec) -> bytes:
    """Bytes that a program can read as this column, whatever they mean."""
    if codec.read.length:
        data = draw(PLAUSIBLE)
        size = 1 if codec.read.counted else {"B": 1, "H": 2, "HB": 3, "I": 4}[codec.read.codes]
        return len(data).to_bytes(size, "little") + data
    return draw(sized(calcsize("<" + codec.read.codes)))


Making = Callable[[Column, TypeOptions], Codec]


@st.composite
def rows(draw: st.DrawFn, making: Making) -> tuple[Layout, tuple[Column, ...], list[bytes | None]]:
    """A layout of some columns, and the bytes of a row; None is NULL."""
    chosen = draw(st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=3))
    columns = (ID, *[Column(f"{one.name}_{n}", *_rest(one)) for n, one in enumerate(chosen)])
    options = draw(st.sampled_from(OPTIONS))
    codecs = [making(one, options) for one in columns]
    key = tuple(draw(st.permutations(range(len(columns))))[: draw(st.integers(1, len(columns)))])
    values = [draw(value(codec)) for codec in codecs]
    nulls = draw(st.sets(st.sampled_from(range(len(columns)))))
    row = [None if n in nulls and n not in key else data for n, data in enumerate(values)]
    return Layout.of(columns, key, codecs), columns, row


def _rest(one: Column) -> tuple[Any, ...]:
    return one.type, one.metadata, one.unsigned, one.nullable, one.collation, one.labels


def by_long_way(made: Callable[[list[Any]], bytes], raws: list[Any]) -> bytes | None:
    try:
        return made(raws)
    except (ValueRefused, BinlogCorrupt, ValueError, LookupError):
        return None


def by_program(program: Callable[..., tuple[int, bool]], *arguments: Any) -> bytes | None:
    found: list[bytes] = []
    try:
        program(*arguments, found.append)
    except BinlogCorrupt:
        return None
    return found[0] if found else None


@settings(max_examples=400, deadline=None)
@given(rows(row_codec), st.booleans())
def test_a_program_for_row_images_does_what_the_long_way_does(
    drawn: tuple[Layout, tuple[Column, ...], list[bytes | None]], key_only: bool
) -> None:
    layout, columns, row = drawn
    body = image(*row)
    raws, end = Images(layout, columns).whole(body, 0, len(body))
    size = (len(row) + 7) // 8

    program = image_program(layout, body[:size], [one is None for one in row], key_only=key_only)
    quick = by_program(program, body, 0, len(body), len(body))

    assert end == len(body)
    if quick is not None:
        assert quick == by_long_way(layout.key_only if key_only else layout.row, raws)


@settings(max_examples=400, deadline=None)
@given(rows(result_codec))
def test_a_program_for_results_does_what_the_long_way_does(
    drawn: tuple[Layout, tuple[Column, ...], list[bytes | None]],
) -> None:
    layout, columns, row = drawn
    packet = binary_row(*row)
    decoder = ResultDecoder(columns, layout.key, TypeOptions())
    size = (len(row) + 9) // 8 + 1

    program = result_program(layout, packet[:size], [one is None for one in row])
    quick = by_program(program, [packet], 0)

    if quick is not None:
        assert quick == by_long_way(layout.row, decoder._raws(packet))


SOME = (ID, *[one for one in COLUMNS if one.type in {T.JSON, T.GEOMETRY, T.DATETIME2, T.VARCHAR}])
NAMED = tuple(Column(f"{one.name}_{n}", *_rest(one)) for n, one in enumerate(SOME))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["inserts", "updates", "deletes", "partial"]))
def test_arbitrary_bytes_are_rows_or_corrupt(body: bytes, deed: str) -> None:
    decoder = BinlogDecoder(shape(*NAMED), (0,), TypeOptions())

    try:
        if deed == "partial":
            groups = decoder.updates(body, 0, len(body), partial_json=True)
        else:
            groups = getattr(decoder, deed)(body, 0, len(body))
    except BinlogCorrupt:
        return

    assert all(isinstance(group, RowGroup) and group.rows for group in groups)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=100), max_size=3))
def test_arbitrary_packets_are_rows_or_corrupt(packets: list[bytes]) -> None:
    decoder = ResultDecoder(NAMED[:6], (0,), TypeOptions())

    try:
        groups = decoder.decode(packets)
    except BinlogCorrupt:
        return

    assert sum(len(group.rows) for group in groups) == len(packets)


USUAL = [
    (column(T.VARCHAR, 80, collation=UTF8MB4), b"\x05na\xc3\xafv"),
    (column(T.BLOB, 2, collation=LATIN1), b"\x02\x00\xe9x"),
    (column(T.NEWDECIMAL, 10 << 8 | 2), bytes.fromhex("8000303921")),
    (column(T.DATETIME2), bytes.fromhex("99b352a000")),
    (column(T.TIMESTAMP2, 6), INT(1) + b"\0\0\1"),
    (column(T.DATE), (2024 << 9 | 2 << 5 | 29).to_bytes(3, "little")),
    (column(T.LONGLONG, unsigned=True), bytes(8)),
    (column(T.ENUM, 1, collation=UTF8MB4, labels=LABELS), b"\2"),
    (column(T.BIT, 13), b"\x1f\xff"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "data"), USUAL, ids=[one.type.name for one, _ in USUAL])
def test_a_program_does_not_give_up_at_usual_values(kind: Column, data: bytes) -> None:
    layout = Layout.of((ID, kind), (0,), [row_codec(one, TypeOptions()) for one in (ID, kind)])
    body = image(INT(1), data) * 3

    found: list[bytes] = []
    program = image_program(layout, body[:1], [False, False], key_only=False)
    end, is_unusual = program(body, 0, len(body), len(body), found.append)

    assert (end, is_unusual, len(found)) == (len(body), False, 3)
