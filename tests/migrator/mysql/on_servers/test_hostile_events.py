"""No bytes at all make the reader raise anything but its own errors."""

import random
import zlib
from collections.abc import Iterator

import pytest

from migrator.errors import BinlogCorrupt, MigratorError
from migrator.mysql.binlog.reader import EventReader
from migrator.mysql.position.log import current_position
from migrator.mysql.wire.connection import Connection
from tests.migrator.mysql.on_servers.conftest import logged_since
from tests.migrator.mysql.on_servers.logged import TABLE, wanted

FORMAT_DESCRIPTION = 15
WORKLOAD = (
    TABLE,
    "INSERT INTO t (s, c, e, m, i) VALUES ('a', 'b', 'a', 'x', 1), ('c', 'd', 'a', 'y', 2)",
    "UPDATE t SET i = 5",
    "XA START 'hostile'",
    "DELETE FROM t WHERE i = 1",
    "XA END 'hostile'",
    "XA COMMIT 'hostile' ONE PHASE",
)
MYSQL_ONLY = (
    "SET gtid_next = 'AUTOMATIC:kooch'",
    "SET SESSION binlog_transaction_compression = ON",
    "UPDATE t SET i = 6, c = REPEAT('a', 100)",
)


async def workload(connection: Connection) -> list[bytes]:
    start = await current_position(connection)
    for sql in WORKLOAD + (() if connection.server.is_mariadb else MYSQL_ONLY):
        await connection.query(sql)
    return await logged_since(connection.url, start)


def mutated(event: bytes, source: random.Random) -> bytes:
    """The event with bits flipped, its end cut off, or bytes put in."""
    data = bytearray(event)
    match source.randrange(4):
        case 0:
            del data[source.randrange(len(data)) :]
        case 1:
            at = source.randrange(len(data))
            data[at:at] = source.randbytes(source.randrange(1, 9))
        case _:
            for _ in range(source.randrange(1, 5)):
                data[source.randrange(len(data))] ^= 1 << source.randrange(8)
    return bytes(data)


def unchecked(events: list[bytes]) -> Iterator[bytes]:
    """The same events as a server without checksums sends them."""
    for event in events:
        if event[4] == FORMAT_DESCRIPTION:
            yield event[:-5] + b"\0" + bytes(4)
        else:
            size = (len(event) - 4).to_bytes(4, "little")
            yield event[:9] + size + event[13:-4]


async def test_every_flipped_bit_is_noticed(connection: Connection) -> None:
    events = await workload(connection)
    reader = EventReader(wanted)
    first = next(i for i, event in enumerate(events) if event[4] == FORMAT_DESCRIPTION)

    for event in events[:first]:
        reader.read(event)
    for event in events[first:]:
        for bit in range(0, len(event) * 8, 3):
            data = bytearray(event)
            data[bit >> 3] ^= 1 << (bit & 7)
            with pytest.raises(BinlogCorrupt):
                reader.read(bytes(data))
        reader.read(event)


async def test_mutated_events_without_checksums_are_read_or_refused(
    connection: Connection,
) -> None:
    events = list(unchecked(await workload(connection)))
    source = random.Random(20260724)
    refused = read = 0

    for _ in range(60):
        reader = EventReader(wanted)
        for event in events:
            is_first = event[4] in {FORMAT_DESCRIPTION, 4}
            data = event if is_first or source.random() < 0.5 else mutated(event, source)
            data = data[:9] + len(data).to_bytes(4, "little") + data[13:]
            try:
                read += len(list(reader.events([data])))
            except MigratorError:
                refused += 1

    assert refused > 100
    assert read > 100


async def test_mutated_format_descriptions_are_read_or_refused(connection: Connection) -> None:
    events = await workload(connection)
    description = next(event for event in events if event[4] == FORMAT_DESCRIPTION)
    source = random.Random(1)

    for _ in range(2000):
        data = mutated(description, source)
        sealed = data + zlib.crc32(data).to_bytes(4, "little")
        for candidate in (data, sealed):
            try:
                EventReader(wanted).read(candidate)
            except MigratorError:
                continue
