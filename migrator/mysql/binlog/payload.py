"""TRANSACTION_PAYLOAD: a transaction's events, compressed together.

Source: MySQL, libs/mysql/binlog/event/control_events.h, Transaction_payload_event.
"""

from collections.abc import Iterator

import zstandard

from migrator.errors import BinlogCorrupt
from migrator.mysql.binlog.bodies import BODY
from migrator.mysql.binlog.events import TransactionPayload
from migrator.mysql.wire.packets import length_encoded

PIECE = 1 << 18
HEADER_SIZE = 19
SIZE_AT = 9

END_MARK = 0
SIZE = 1
COMPRESSION = 2
UNCOMPRESSED_SIZE = 3

ZSTD = 0
NONE = 255


def transaction_payload(event: bytes, stop: int, seconds: int, end: int) -> TransactionPayload:
    """Find the compressed events in the payload, and their size once uncompressed."""
    fields: dict[int, int] = {}
    at = BODY
    while True:
        field, at = length_encoded(event, at)
        if field == END_MARK:
            break
        size, at = length_encoded(event, at)
        fields[field], _ = length_encoded(event, at)
        at += size
    compression = fields.get(COMPRESSION, NONE)
    if compression not in {ZSTD, NONE}:
        raise ValueError(f"compression {compression}")
    if at + fields[SIZE] > stop:
        raise IndexError("the payload is cut off")
    size = fields[SIZE]
    whole = fields.get(UNCOMPRESSED_SIZE, size)
    return TransactionPayload(event, at, at + size, compression == ZSTD, whole, end)


def inner_events(payload: TransactionPayload) -> Iterator[bytes]:
    """The events, one by one; only one piece and one event are in memory at a time.

    Raises `BinlogCorrupt` if they contradict the payload's header.
    """
    left = payload.uncompressed_size
    waiting = bytearray()
    for piece in _pieces(payload):
        left -= len(piece)
        if left < 0:
            raise _corrupt(payload, "it has more bytes than it states")
        waiting += piece
        at = 0
        while at + HEADER_SIZE <= len(waiting):
            size = int.from_bytes(waiting[at + SIZE_AT : at + SIZE_AT + 4], "little")
            if not HEADER_SIZE <= size <= len(waiting) - at + left:
                raise _corrupt(payload, f"an event in it has {size} bytes")
            if at + size > len(waiting):
                break
            yield bytes(waiting[at : at + size])
            at += size
        del waiting[:at]
    if left or waiting:
        raise _corrupt(payload, "it ends too early")


def _pieces(payload: TransactionPayload) -> Iterator[bytes]:
    body = memoryview(payload.body)[payload.start : payload.stop]
    if not payload.compressed:
        yield bytes(body)
        return
    try:
        with zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True) as reader:
            while piece := reader.read(PIECE):
                yield piece
    except zstandard.ZstdError as error:
        raise _corrupt(payload, str(error)) from error


def _corrupt(payload: TransactionPayload, reason: str) -> BinlogCorrupt:
    return BinlogCorrupt(
        f"The compressed transaction before offset {payload.end} cannot be read: {reason}. "
        "Look at it with mysqlbinlog; if the file is damaged, copy the tables anew."
    )
