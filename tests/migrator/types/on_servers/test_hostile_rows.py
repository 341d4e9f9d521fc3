"""Rows whose bytes are damaged: refused, or a clear error, and never anything else."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from struct import calcsize
from typing import Any
from unittest.mock import patch

import bson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from migrator.errors import BinlogCorrupt
from migrator.model.rows import RowGroup
from migrator.mysql.binlog.reader import Rows as RowsEvent
from migrator.mysql.binlog.reader import RowsKind
from migrator.mysql.catalog.result_columns import result_columns
from migrator.mysql.catalog.tables import Table
from migrator.mysql.columns.codec import Codec, TypeOptions
from migrator.mysql.position.log import current_position
from migrator.mysql.rows import programs as row_programs
from migrator.mysql.rows.decoder import BinlogDecoder, ResultDecoder
from migrator.mysql.wire.connection import SourceUrl
from migrator.mysql.wire.packets import length_encoded_bytes
from migrator.mysql.wire.prepared import ResultColumn
from tests.migrator.types.on_servers.test_values import (
    EXACT,
    Row,
    client_of,
    definition,
    kinds_of,
    stored,
    write,
)
from tests.migrator.types.samples import Sample
from tests.migrator.types.two_inputs import rows_since, table
from tests.migrator.types.whole_rows import catalogue_of, decoder_of

OPTIONS = TypeOptions()
EXAMPLES = 100
LONGEST_MS = 2_000
BOTH_WAYS = pytest.mark.parametrize("rows_before", [1, 1_000_000], ids=["programs", "the layout"])
LONG = {"txt", "blb", "zip", "zip_blob"}  # Almost all damage would hit them.


@dataclass(frozen=True)
class Sound:
    """What a server logged of some rows, and answered with."""

    events: list[RowsEvent]
    packets: list[bytes]
    columns: tuple[ResultColumn, ...]
    catalogue: Table

    def __repr__(self) -> str:
        return f"<{len(self.events)} events>"


@dataclass(frozen=True)
class Damage:
    """Bytes instead of others, at a place between 0 and 1."""

    place: float
    removed: int
    inserted: bytes

    def done_to(self, data: bytes) -> bytes:
        at = int(self.place * len(data))
        return data[:at] + self.inserted + data[at + self.removed :]


BYTES = st.sampled_from([b"\0", b"\xff", b"\x80", b"\xfb", b"\xfc", b"\xfe", b"\xff\xff\xff\xff"])
INSTEAD = BYTES | st.binary(min_size=1, max_size=6)
DAMAGES = st.lists(
    # Mostly of the same length, so that all behind it is read as what it was.
    st.builds(lambda place, new: Damage(place, len(new), new), st.floats(0, 0.999), INSTEAD)
    | st.builds(Damage, st.floats(0, 0.999), st.integers(0, 9), st.just(b"") | INSTEAD),
    min_size=1,
    max_size=3,
)


def row_of(kinds: dict[str, Sample], number: int) -> Row:
    """A row; the same ones in every run, so that a failure can be repeated."""
    found: list[Row] = []

    @settings(max_examples=number + 2, database=None, derandomize=True, phases=[Phase.generate])
    @given(st.fixed_dictionaries({name: kind.values for name, kind in kinds.items()}))
    def take(row: Row) -> None:
        found.append(row)

    take()
    return found[-1]


async def sound_rows(url: SourceUrl, kinds: dict[str, Sample]) -> Sound:
    async with table(url, "INT") as connection:
        ((database,),) = await connection.query("SELECT DATABASE()")
        with client_of(url, database) as client:
            client.run(definition(kinds))
            start = await current_position(connection)
            write(client, kinds, [row_of(stored(kinds), number) for number in range(6)])
        events = await rows_since(connection, start)
        catalogue = await catalogue_of(connection, "every")
        names = ", ".join(f"`{column.name}`" for column in catalogue.columns)
        selection = await connection.select(f"SELECT {names} FROM every")
        packets = [packet async for some in selection.packets() for packet in some]
        return Sound(events, packets, selection.columns, catalogue)


@pytest.fixture(scope="module", params=["mysql", "mariadb"])
def sound(request: pytest.FixtureRequest) -> Sound:
    url: SourceUrl = request.getfixturevalue(f"{request.param}_url")
    kinds = {name: kind for name, kind in kinds_of(request.param).items() if name not in LONG}
    return asyncio.run(sound_rows(url, kinds))


def split(codecs: Sequence[Codec], data: bytes, at: int) -> list[bytes]:
    """The values of a row without NULL, without their lengths."""
    values = []
    for codec in codecs:
        size = calcsize(f"<{codec.read.codes}")
        if codec.read.counted:
            value, at = length_encoded_bytes(data, at)
        else:
            length = int.from_bytes(data[at : at + size], "little") if codec.read.length else 0
            first = at + size if codec.read.length else at
            at += size + length
            value = data[first:at]
        values.append(value)
    return values


def joined(codecs: Sequence[Codec], values: Sequence[bytes]) -> bytes:
    """The row that has these values, each with its right length."""
    return b"".join(map(with_length, codecs, values))


def with_length(codec: Codec, value: bytes) -> bytes:
    size = calcsize(f"<{codec.read.codes}")
    if not codec.read.length:
        return value[:size].ljust(size, b"\1")
    if codec.read.counted:
        return b"\xfd" + len(value).to_bytes(3, "little") + value
    value = value[: (1 << 8 * size) - 1]
    return len(value).to_bytes(size, "little") + value


def read(decode: Callable[[], list[RowGroup]]) -> None:
    """Whatever is read can be read by MongoDB too."""
    try:
        groups = decode()
    except BinlogCorrupt:
        return
    for group in groups:
        for row in group.rows:
            bson.decode(row, EXACT)


def fuzzed(test: Callable[..., None]) -> Any:
    limits = settings(
        max_examples=EXAMPLES,
        deadline=LONGEST_MS,
        suppress_health_check=list(HealthCheck),
    )
    return limits(test)


CHANGED = st.dictionaries(
    st.integers(0, 200), DAMAGES | st.binary(max_size=20), min_size=1, max_size=4
)


def damaged(values: list[bytes], changed: dict[int, Any]) -> list[bytes]:
    """Some of the values in another form."""
    found = list(values)
    for index, change in changed.items():
        place = index % len(found)
        if isinstance(change, bytes):
            found[place] = change
            continue
        for damage in change:
            found[place] = damage.done_to(found[place])
    return found


@BOTH_WAYS
def test_damaged_values_in_sound_rows(sound: Sound, rows_before: int) -> None:
    image = next(event for event in sound.events if event.kind is RowsKind.INSERT)
    decoder = decoder_of(image, sound.catalogue, OPTIONS)
    codecs = [
        logged.explained_by(known).row_codec(OPTIONS)
        for known, logged in zip(sound.catalogue.columns, image.shape.columns, strict=True)
    ]
    columns = result_columns(sound.columns, sound.catalogue.columns)
    result_decoder = ResultDecoder(columns, sound.catalogue.key, OPTIONS)
    result_codecs = [column.result_codec(OPTIONS) for column in columns]
    nulls = image.body[image.start : image.start + (len(codecs) + 7) // 8]
    width = 1 + (len(codecs) + 9) // 8
    whole = next(packet for packet in sound.packets if not any(packet[:width]))
    head = whole[:width]
    logged = split(codecs, image.body, image.start + len(nulls))
    answered = split(result_codecs, whole, width)

    @fuzzed
    @given(changed=CHANGED)
    def holds(changed: dict[int, Any]) -> None:
        body = nulls + joined(codecs, damaged(logged, changed))
        packet = head + joined(result_codecs, damaged(answered, changed))

        read(lambda: decoder.inserts(body, 0, len(body)))
        read(lambda: decoder.updates(body * 2, 0, 2 * len(body)))
        read(lambda: result_decoder.decode([packet]))

    with patch.object(row_programs, "ROWS_BEFORE", rows_before):
        holds()


@BOTH_WAYS
def test_damaged_row_images(sound: Sound, rows_before: int) -> None:
    decoders: dict[int, BinlogDecoder] = {}

    @fuzzed
    @given(index=st.integers(0, len(sound.events) - 1), damages=DAMAGES)
    def holds(index: int, damages: list[Damage]) -> None:
        event = sound.events[index]
        decoder = decoders.setdefault(index, decoder_of(event, sound.catalogue, OPTIONS))
        body = event.body[event.start : event.stop]
        for damage in damages:
            body = damage.done_to(body)

        read(lambda: decoder.inserts(body, 0, len(body)))
        read(lambda: decoder.deletes(body, 0, len(body)))
        read(lambda: decoder.updates(body, 0, len(body)))
        read(lambda: decoder.updates(body, 0, len(body), partial_json=True))

    with patch.object(row_programs, "ROWS_BEFORE", rows_before):
        holds()


@BOTH_WAYS
def test_damaged_results(sound: Sound, rows_before: int) -> None:
    columns = result_columns(sound.columns, sound.catalogue.columns)
    decoder = ResultDecoder(columns, sound.catalogue.key, OPTIONS)

    @fuzzed
    @given(index=st.integers(0, len(sound.packets) - 1), damages=DAMAGES)
    def holds(index: int, damages: list[Damage]) -> None:
        packet = sound.packets[index]
        for damage in damages:
            packet = damage.done_to(packet)

        read(lambda: decoder.decode([packet]))

    with patch.object(row_programs, "ROWS_BEFORE", rows_before):
        holds()
