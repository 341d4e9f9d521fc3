"""Reads the bodies of the small events; each function takes (event, stop, seconds, end).

`event` is the whole event, its body is `event[19:stop]`, `seconds` its time stamp (since
1970), and `end` the offset in the log after it.
"""

from functools import lru_cache
from struct import Struct

from migrator.errors import UnsupportedChange
from migrator.mysql.binlog.events import Code, Gtid, Heartbeat, Ignored, Query, XaPrepare, Xid
from migrator.mysql.types.calendar import MICROSECONDS
from migrator.mysql.wire.packets import length_encoded

BODY = 19

QUERY = Struct("<IIBHH")
LOAD_QUERY_EXTRA = 13
GTID = Struct("<B16sq")
COMMIT_TIME = Struct("<IHB")
XA = Struct("<BIII")

# Status variables of a statement. Source: MySQL, libs/mysql/binlog/event/statement_events.h,
# Query_event; MariaDB, sql/log_event.h, Q_*_CODE.
STATUS_SQL_MODE = 1
STATUS_CHARSET = 4
STATUS_DATABASES = 12
STATUS_SIZES = {0: 4, 1: 8, 3: 4, 4: 6, 7: 2, 8: 2, 9: 8, 10: 4, 13: 3, 16: 1, 17: 8, 18: 2,
                19: 1, 20: 1, 128: 3, 129: 8, 130: 2}  # fmt: skip
STATUS_STRINGS = {5: 1, 6: 1, 11: 2}
"""How many strings these variables have, each after a length of one byte."""
DATABASES_UNKNOWN = 254
UTF8MB4 = 45


def ignored(event: bytes, stop: int, seconds: int, end: int) -> Ignored:
    """Any event that the migration does not need."""
    return Ignored(event[4], end)


def xid(event: bytes, stop: int, seconds: int, end: int) -> Xid:
    """XID: a commit."""
    return Xid(end)


def query(event: bytes, stop: int, seconds: int, end: int) -> Query:
    """QUERY, and EXECUTE_LOAD_QUERY, whose header is longer."""
    _, _, database_size, _, status_size = QUERY.unpack_from(event, BODY)
    start = BODY + QUERY.size
    if event[4] == Code.EXECUTE_LOAD_QUERY:
        start += LOAD_QUERY_EXTRA
    return statement(event, start, stop, database_size, status_size, seconds, end)


def statement(
    body: bytes, at: int, stop: int, database_size: int, status_size: int, seconds: int, end: int
) -> Query:
    """Read status variables, database and statement, which begin at `at`."""
    database = at + status_size
    text = database + database_size + 1
    if text > stop:
        raise IndexError("the statement is cut off")
    return Query(
        body[database : text - 1].decode("utf-8", "replace"),
        body[text:stop],
        *_context(body[at:database]),
        seconds,
        end,
    )


@lru_cache(1024)
def _context(data: bytes) -> tuple[int, int, tuple[str, ...] | None]:
    """The session's sql_mode, its client's collation, and the databases that it touched.

    Cached: a busy source sends the same status variables thousands of times a second.
    """
    status = _status(data)
    charset = status.get(STATUS_CHARSET)
    databases = status.get(STATUS_DATABASES)
    touched: tuple[str, ...] | None = None
    if databases is not None and databases[0] != DATABASES_UNKNOWN:
        names = databases[1:].split(b"\0")[: databases[0]]
        touched = tuple(name.decode("utf-8", "replace") for name in names)
    return (
        int.from_bytes(status.get(STATUS_SQL_MODE, b""), "little"),
        int.from_bytes(charset[:2], "little") if charset else UTF8MB4,
        touched,
    )


def _status(data: bytes) -> dict[int, bytes]:
    """The status variables by their codes, up to the first of an unknown size."""
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        code = data[at]
        size = STATUS_SIZES.get(code)
        if size is None:
            size = _varying_size(code, data, at + 1)
        if size is None:
            break
        found[code] = data[at + 1 : at + 1 + size]
        at += 1 + size
    return found


def _varying_size(code: int, data: bytes, at: int) -> int | None:
    match code:
        case _ if code in STATUS_STRINGS:
            size = 0
            for _ in range(STATUS_STRINGS[code]):
                size += 1 + data[at + size]
            return size
        case _ if code == STATUS_DATABASES:
            count = data[at] if data[at] != DATABASES_UNKNOWN else 0
            end = at + 1
            for _ in range(count):
                end = data.index(b"\0", end) + 1
            return end - at
    return None


@lru_cache(1024)
def _uuid_text(uuid: bytes) -> str:
    text = uuid.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def gtid(event: bytes, stop: int, seconds: int, end: int) -> Gtid:
    """GTID and ANONYMOUS_GTID."""
    _, uuid, number = GTID.unpack_from(event, BODY)
    committed_at = seconds * MICROSECONDS
    if stop >= 68:  # MySQL before 8.0.1 logs no time of the commit.
        low, middle, high = COMMIT_TIME.unpack_from(event, 61)
        # The highest bit says that the time of the original commit follows, which is not needed.
        committed_at = low | middle << 32 | (high & 0x7F) << 48
    if event[4] == Code.ANONYMOUS_GTID:
        return Gtid("", committed_at, end)
    if number < 1:
        raise ValueError("a GTID without a number")
    return Gtid(f"{_uuid_text(uuid)}:{number}", committed_at, end)


def gtid_tagged(event: bytes, stop: int, seconds: int, end: int) -> Gtid:
    """GTID_TAGGED: numbered fields; those above 6 are not needed.

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
                number = value >> 1  # A signed number keeps its sign in the lowest bit.
            elif field == 6:
                committed_at = value
        else:
            break
    if len(uuid) != 16 or number < 1:
        raise ValueError("a tagged GTID without uuid or number")
    source = f"{_uuid_text(uuid)}:{tag}" if tag else _uuid_text(uuid)
    return Gtid(f"{source}:{number}", committed_at, end)


def _varying(data: bytes, at: int, stop: int) -> tuple[int, int]:
    """An integer of 1 to 9 bytes: one more than the first byte has ones at its low end."""
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
    """HEARTBEAT: a file name; the header holds the offset."""
    return Heartbeat(event[BODY:stop].decode("utf-8"), end, end)


def heartbeat_v2(event: bytes, stop: int, seconds: int, end: int) -> Heartbeat:
    """HEARTBEAT_V2: fields of type, length and value; the offset may be beyond 4 GiB."""
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
    """INCIDENT: the source reports a gap in its log. Always raises `UnsupportedChange`."""
    number = int.from_bytes(event[BODY : BODY + 2], "little")
    text = event[BODY + 3 : stop].decode("utf-8", "replace")
    raise UnsupportedChange(
        f"The source's binlog reports that it lacks changes before offset {end} (incident "
        f"{number}: {text}). Copy the tables anew."
    )
