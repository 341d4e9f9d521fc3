"""The bodies of the small events; each function takes (event, stop, seconds, end).

`event` is whole, its body is `event[19:stop]`, `seconds` is its time stamp and `end`
the offset in the log after it.
"""

from functools import lru_cache
from struct import Struct

from pymysql.charset import charset_by_id

from migrator.errors import SourceError
from migrator.mysql.event_kinds import Code, Gtid, Heartbeat, Ignored, Query, XaPrepare, Xid
from migrator.mysql.packets import length_encoded

BODY = 19
MICROSECONDS = 1_000_000

QUERY = Struct("<IIBHH")
LOAD_QUERY_EXTRA = 13
GTID = Struct("<B16sq")
COMMIT_TIME = Struct("<IHB")
XA = Struct("<BIII")

STATUS_CHARSET = 4
STATUS_CATALOGUE = 6
STATUS_SIZES = {0: 4, 1: 8, 3: 4}


def ignored(event: bytes, stop: int, seconds: int, end: int) -> Ignored:
    """An event that nobody needs."""
    return Ignored(event[4], end)


def xid(event: bytes, stop: int, seconds: int, end: int) -> Xid:
    """XID: a commit."""
    return Xid(end)


def query(event: bytes, stop: int, seconds: int, end: int) -> Query:
    """QUERY, and EXECUTE_LOAD_QUERY with more in its header."""
    _, _, database_size, _, status_size = QUERY.unpack_from(event, BODY)
    start = BODY + QUERY.size
    if event[4] == Code.EXECUTE_LOAD_QUERY:
        start += LOAD_QUERY_EXTRA
    return statement(event, start, stop, database_size, status_size, seconds, end)


def statement(
    body: bytes, at: int, stop: int, database_size: int, status_size: int, seconds: int, end: int
) -> Query:
    """Status variables, database and statement, which begin at `at`."""
    database = at + status_size
    text = database + database_size + 1
    if text > stop:
        raise IndexError("the statement is cut off")
    raw = body[text:stop]
    try:
        decoded = raw.decode("utf-8")
    except UnicodeDecodeError:
        # The text is in the character set of the client that sent it.
        decoded = raw.decode(_client_encoding(body[at:database]))
    return Query(body[database : text - 1].decode("utf-8"), decoded, seconds, end)


def _client_encoding(status: bytes) -> str:
    at = 0
    while at < len(status):
        code = status[at]
        if code == STATUS_CHARSET:
            return charset_by_id(int.from_bytes(status[at + 1 : at + 3], "little")).encoding
        at += 1 + (1 + status[at + 1] if code == STATUS_CATALOGUE else STATUS_SIZES[code])
    return "latin-1"


@lru_cache(1024)
def _uuid_text(uuid: bytes) -> str:
    text = uuid.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def gtid(event: bytes, stop: int, seconds: int, end: int) -> Gtid:
    """GTID and ANONYMOUS_GTID."""
    _, uuid, number = GTID.unpack_from(event, BODY)
    committed_at = seconds * MICROSECONDS
    if stop >= 68:  # Before MySQL 8.0.1 there is no time of the commit.
        low, middle, high = COMMIT_TIME.unpack_from(event, 61)
        # The highest bit says that the time of the original commit follows.
        committed_at = low | middle << 32 | (high & 0x7F) << 48
    if event[4] == Code.ANONYMOUS_GTID:
        return Gtid("", committed_at, end, anonymous=True)
    if number < 1:
        raise ValueError("a GTID without a number")
    return Gtid(f"{_uuid_text(uuid)}:{number}", committed_at, end)


def gtid_tagged(event: bytes, stop: int, seconds: int, end: int) -> Gtid:
    """GTID_TAGGED: numbered fields, of which those up to 6 are needed.

    Source: MySQL, libs/mysql/serialization and libs/mysql/binlog/event/control_events.h.
    """
    at = BODY
    for _ in ("version", "size", "last field that must be known"):
        _, at = _varying(event, at, stop)
    uuid, tag = b"", ""
    number, committed_at = 0, seconds * MICROSECONDS
    while at < stop:
        field, at = _varying(event, at, stop)
        if field == 1:
            octets = bytearray()
            for _ in range(16):
                octet, at = _varying(event, at, stop)
                octets.append(octet)
            uuid = bytes(octets)
        elif field == 3:
            size, at = _varying(event, at, stop)
            tag = event[at : at + size].decode("ascii")
            at += size
        elif field <= 6:
            value, at = _varying(event, at, stop)
            if field == 2:
                number = value >> 1  # Signed numbers have their sign in the lowest bit.
            elif field == 6:
                committed_at = value
        else:
            break
    if len(uuid) != 16 or number < 1:
        raise ValueError("a tagged GTID without uuid or number")
    source = f"{_uuid_text(uuid)}:{tag}" if tag else _uuid_text(uuid)
    return Gtid(f"{source}:{number}", committed_at, end)


def _varying(data: bytes, at: int, stop: int) -> tuple[int, int]:
    """An integer of 1 to 9 bytes: as many as the first has ones at its low end, plus one."""
    first = data[at]
    ones = (~first & (first + 1)).bit_length() - 1
    after = at + ones + 1
    if after > stop:
        raise IndexError("a number is cut off")
    value = int.from_bytes(data[at:after], "little")
    return value >> min(ones + 1, 8), after


def xa_prepare(event: bytes, stop: int, seconds: int, end: int) -> XaPrepare:
    """XA_PREPARE."""
    one_phase, form, global_size, branch_size = XA.unpack_from(event, BODY)
    data = event[BODY + XA.size : stop]
    if global_size > 64 or branch_size > 64 or len(data) < global_size + branch_size:
        raise ValueError("an XA identifier is too long")
    branch = data[global_size : global_size + branch_size]
    text = f"X'{data[:global_size].hex()}',X'{branch.hex()}',{form}"
    return XaPrepare(text, bool(one_phase), end)


def heartbeat(event: bytes, stop: int, seconds: int, end: int) -> Heartbeat:
    """HEARTBEAT: a file name; the offset is in the header."""
    return Heartbeat(event[BODY:stop].decode("utf-8"), end, end)


def heartbeat_v2(event: bytes, stop: int, seconds: int, end: int) -> Heartbeat:
    """HEARTBEAT_V2: fields of type, length and value; an offset beyond 4 GiB fits in."""
    file, offset = "", end
    at = BODY
    while at < stop:
        field, at = length_encoded(event, at)
        if field == 0:
            break
        size, at = length_encoded(event, at)
        if field == 1:
            file = event[at : at + size].decode("utf-8")
        elif field == 2:
            offset, _ = length_encoded(event, at)
        at += size
    return Heartbeat(file, offset, offset)


def incident(event: bytes, stop: int, seconds: int, end: int) -> Ignored:
    """INCIDENT: the source says that its log has a hole. Always raises `SourceError`."""
    number = int.from_bytes(event[BODY : BODY + 2], "little")
    text = event[BODY + 3 : stop].decode("utf-8", "replace")
    raise SourceError(
        f"The source's binlog says that changes are missing in it (incident {number}: {text}), "
        f"before offset {end}. Forget the position and copy the tables anew."
    )
