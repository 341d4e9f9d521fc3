"""Generated programs and `Layout` give the same documents, whatever the bytes are."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from struct import calcsize
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.errors import BinlogCorrupt, ValueRefused
from migrator.model.rows import RowGroup
from migrator.mysql.columns.codec import Codec, TypeOptions
from migrator.mysql.columns.column import CodecMaker, Column, ColumnKind
from migrator.mysql.rows.codegen import image_program, result_program
from migrator.mysql.rows.decoder import BinlogDecoder, ResultDecoder
from migrator.mysql.rows.images import Images
from migrator.mysql.rows.layout import Layout
from migrator.mysql.rows.programs import PROGRAMS_MAX, Programs
from migrator.mysql.types import (
    decimals,
    json,
    labels,
    numbers,
    spatial,
    strings,
    temporal,
)
from tests.migrator.types.images import ID, INT, binary_row, image, shape
from tests.migrator.types.kinds import DECLARED, ONLY_LOGGED

UTF8MB4, LATIN1, GBK, ASCII = 255, 8, 28, 11
LABELS = (b"new", b"old", "ü".encode())


def column(kind: ColumnKind, metadata: int = 0, **more: Any) -> Column:
    return Column(kind.name, kind, metadata, **more)


COLUMNS = [*DECLARED, *ONLY_LOGGED]
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


def named(columns: Iterable[Column]) -> tuple[Column, ...]:
    return tuple(replace(one, name=f"c{number}") for number, one in enumerate(columns))


@st.composite
def rows(
    draw: st.DrawFn, making: CodecMaker, some: Sequence[Column]
) -> tuple[Layout, tuple[Column, ...], list[bytes | None]]:
    """A layout of some columns, and the bytes of a row; None is NULL."""
    chosen = draw(st.lists(st.sampled_from(some), min_size=1, max_size=3))
    columns = (ID, *named(chosen))
    options = draw(st.sampled_from(OPTIONS))
    codecs = [making(one, options) for one in columns]
    key = tuple(draw(st.permutations(range(len(columns))))[: draw(st.integers(1, len(columns)))])
    values = [draw(value(codec)) for codec in codecs]
    nulls = draw(st.sets(st.sampled_from(range(len(columns)))))
    row = [None if n in nulls and n not in key else data for n, data in enumerate(values)]
    return Layout.of(columns, key, codecs), columns, row


def by_layout(made: Callable[[list[Any]], bytes], raws: list[Any]) -> bytes | None:
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


@settings(max_examples=4 * settings().max_examples, deadline=None)
@given(rows(Column.row_codec, COLUMNS), st.booleans())
def test_a_program_for_row_images_does_what_the_layout_does(
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
        assert quick == by_layout(layout.key_only if key_only else layout.row, raws)


@settings(max_examples=4 * settings().max_examples, deadline=None)
@given(rows(Column.result_codec, DECLARED))
def test_a_program_for_results_does_what_the_layout_does(
    drawn: tuple[Layout, tuple[Column, ...], list[bytes | None]],
) -> None:
    layout, columns, row = drawn
    packet = binary_row(*row)
    decoder = ResultDecoder(columns, layout.key, TypeOptions())
    size = (len(row) + 9) // 8 + 1

    program = result_program(layout, packet[:size], [one is None for one in row])
    quick = by_program(program, [packet], 0)

    if quick is not None:
        assert quick == by_layout(layout.row, decoder._raws(packet))


CHOSEN = {json.JSON, spatial.GEOMETRY, temporal.DATETIME2, strings.VARCHAR}
NAMED = (ID, *named(one for one in COLUMNS if one.kind in CHOSEN))


@settings(max_examples=2 * settings().max_examples, deadline=None)
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


@settings(max_examples=2 * settings().max_examples, deadline=None)
@given(st.lists(st.binary(max_size=100), max_size=3))
def test_arbitrary_packets_are_rows_or_corrupt(packets: list[bytes]) -> None:
    decoder = ResultDecoder(NAMED[:6], (0,), TypeOptions())

    try:
        groups = decoder.decode(packets)
    except BinlogCorrupt:
        return

    assert sum(len(group.rows) for group in groups) == len(packets)


USUAL = [
    (column(strings.VARCHAR, 80, collation=UTF8MB4), b"\x05na\xc3\xafv"),
    (column(strings.BLOB, 2, collation=LATIN1), b"\x02\x00\xe9x"),
    (column(decimals.NEWDECIMAL, 10 << 8 | 2), bytes.fromhex("8000303921")),
    (column(temporal.DATETIME2), bytes.fromhex("99b352a000")),
    (column(temporal.TIMESTAMP2, 6), INT(1) + b"\0\0\1"),
    (column(temporal.DATE), (2024 << 9 | 2 << 5 | 29).to_bytes(3, "little")),
    (column(numbers.LONGLONG, unsigned=True), bytes(8)),
    (column(labels.ENUM, 1, collation=UTF8MB4, labels=LABELS), b"\2"),
    (column(numbers.BIT, 13), b"\x1f\xff"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "data"), USUAL, ids=[one.kind.name for one, _ in USUAL])
def test_a_program_does_not_give_up_at_usual_values(kind: Column, data: bytes) -> None:
    layout = Layout.of((ID, kind), (0,), [one.row_codec(TypeOptions()) for one in (ID, kind)])
    body = image(INT(1), data) * 3

    found: list[bytes] = []
    program = image_program(layout, body[:1], [False, False], key_only=False)
    end, is_unusual = program(body, 0, len(body), len(body), found.append)

    assert (end, is_unusual, len(found)) == (len(body), False, 3)


def test_no_more_programs_are_written_than_there_is_room_for() -> None:
    made: list[bytes] = []

    def make(nulls: bytes) -> Any:
        made.append(nulls)
        return len

    programs = Programs(make)
    for _ in range(20):
        for number in range(2 * PROGRAMS_MAX):
            programs.find(number.to_bytes(2, "little"))

    assert len(made) == PROGRAMS_MAX
