"""The events that only MariaDB writes.

Source: MariaDB, "Replication Protocol"; sql/log_event.h.
"""

import zlib
from struct import Struct

from migrator.errors import SourceError
from migrator.mysql.binlog.bodies import BODY, QUERY, statement
from migrator.mysql.binlog.events import Gtid, Ignored, Query
from migrator.mysql.types.calendar import MICROSECONDS

GTID = Struct("<QIB")
SERVER_ID = Struct("<I")
STANDALONE = 1
GROUP_COMMIT_ID = 2
PREPARED_XA = 64
COMMIT_ID_SIZE = 8
XA = Struct("<IBB")
UNCOMPRESSED_MAX = 1 << 30
"""The upper limit of max_allowed_packet, and so of an event."""


def gtid(event: bytes, stop: int, seconds: int, end: int) -> Gtid:
    """GTID: stands for both GTID and BEGIN of MySQL."""
    number, domain, flags = GTID.unpack_from(event, BODY)
    (server,) = SERVER_ID.unpack_from(event, 5)
    return Gtid(
        f"{domain}-{server}-{number}",
        seconds * MICROSECONDS,
        end,
        begins=not flags & STANDALONE,
        prepares=_xid(event, stop, flags) if flags & PREPARED_XA else "",
    )


def _xid(event: bytes, stop: int, flags: int) -> str:
    """The XA identifier after the flags, as XA COMMIT will print it."""
    at = BODY + GTID.size + (COMMIT_ID_SIZE if flags & GROUP_COMMIT_ID else 0)
    form, global_size, branch_size = XA.unpack_from(event, at)
    data = event[at + XA.size : stop]
    if len(data) < global_size + branch_size:
        raise ValueError("an XA identifier is cut off")
    branch = data[global_size : global_size + branch_size]
    return f"X'{data[:global_size].hex()}',X'{branch.hex()}',{form}"


def query_compressed(event: bytes, stop: int, seconds: int, end: int) -> Query:
    """QUERY_COMPRESSED: only the statement is compressed."""
    _, _, database_size, _, status_size = QUERY.unpack_from(event, BODY)
    start = BODY + QUERY.size
    text = start + status_size + database_size + 1
    body = event[start:text] + uncompress(event, text, stop)
    return statement(body, 0, len(body), database_size, status_size, seconds, end)


def uncompress(event: bytes, start: int, stop: int) -> bytes:
    """Uncompress `event[start:stop]`: the size of the result, big-endian, then a zlib stream."""
    size_bytes = event[start] & 7
    after = start + 1 + size_bytes
    size = int.from_bytes(event[start + 1 : after], "big")
    if size > UNCOMPRESSED_MAX:
        raise ValueError(f"{size} bytes in one event")
    data = zlib.decompressobj().decompress(event[after:stop], size + 1)
    if len(data) != size:
        raise ValueError("a compressed event does not have the size that it states")
    return data


def start_encryption(event: bytes, stop: int, seconds: int, end: int) -> Ignored:
    """START_ENCRYPTION, which a server never sends to a replica. Always raises `SourceError`."""
    raise SourceError(
        "The source sends its binlog encrypted, which no replica can read. Connect to the "
        "MariaDB server itself, not to a program that serves its binlog files."
    )
