"""Reads raw binlog events.

Source: MySQL, "Binlog Event" and libs/mysql/binlog/event; MariaDB, "Replication Protocol".
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from struct import Struct
from struct import error as StructError  # noqa: N812  # It is an exception class.

from migrator.errors import BinlogCorrupt
from migrator.model.table import TableName
from migrator.mysql.binlog import bodies as event_bodies
from migrator.mysql.binlog import mariadb
from migrator.mysql.binlog.events import (
    ROWS_EVENTS,
    Code,
    Event,
    Gtid,
    Heartbeat,
    Ignored,
    Query,
    Rotate,
    Rows,
    RowsKind,
    TransactionPayload,
    XaPrepare,
    Xid,
)
from migrator.mysql.binlog.payload import inner_events, transaction_payload
from migrator.mysql.binlog.table_map import parse_shape, table_of
from migrator.mysql.columns.column import TableShape
from migrator.mysql.wire.packets import length_encoded

__all__ = [
    "Event",
    "EventReader",
    "Gtid",
    "Heartbeat",
    "Ignored",
    "Query",
    "Rotate",
    "Rows",
    "RowsKind",
    "TransactionPayload",
    "XaPrepare",
    "Xid",
]

HEADER = Struct("<IBIIIH")
ROWS_HEADER = Struct("<IHHH")
ROTATE = Struct("<Q")
BODY = event_bodies.BODY
CRC_SIZE = 4
CRC_RESIDUE = 0x2144DF1C
"""The CRC32 of any bytes together with their own CRC32, which follows them little-endian."""

ARTIFICIAL = 0x20
IGNORABLE = 0x80
STATEMENT_END = 1
SHOWN = 0x02 | 0x10  # Foreign keys do nothing, or the log shows what they do.
DUMMY_TABLE = 0xFFFFFF
SHAPES_MAX = 2000

Handler = Callable[[bytes, int, int, int], Event]

SMALL: dict[int, Handler] = {
    Code.QUERY: event_bodies.query,
    Code.EXECUTE_LOAD_QUERY: event_bodies.query,
    Code.XID: event_bodies.xid,
    Code.GTID: event_bodies.gtid,
    Code.ANONYMOUS_GTID: event_bodies.gtid,
    Code.GTID_TAGGED: event_bodies.gtid_tagged,
    Code.XA_PREPARE: event_bodies.xa_prepare,
    Code.INCIDENT: event_bodies.incident,
    Code.TRANSACTION_PAYLOAD: transaction_payload,
    Code.MARIADB_GTID: mariadb.gtid,
    Code.MARIADB_QUERY_COMPRESSED: mariadb.query_compressed,
    Code.MARIADB_START_ENCRYPTION: mariadb.start_encryption,
}
UNIMPORTANT = (
    # LOAD DATA of a STATEMENT session logs its file block by block, then a statement.
    Code.BEGIN_LOAD_QUERY, Code.APPEND_BLOCK, Code.DELETE_FILE,
    Code.STOP, Code.INTVAR, Code.RAND, Code.USER_VAR, Code.IGNORABLE, Code.ROWS_QUERY,
    Code.PREVIOUS_GTIDS, Code.TRANSACTION_CONTEXT, Code.VIEW_CHANGE,
    Code.MARIADB_ANNOTATE_ROWS,
)  # fmt: skip


class EventReader:
    """Reads the events of one stream, in order.

    `wanted` says whether to read the rows of a table; it is called once for each definition
    of a table, until `forget` drops its answers.
    """

    def __init__(self, wanted: Callable[[TableName], bool]) -> None:
        self._wanted = wanted
        self._checksum: bool | None = None
        self._mariadb = False
        self._end = 0
        self._tables: dict[int, TableShape | None] = {}
        self._shapes: dict[bytes, TableShape | None] = {}
        self._payload: Iterator[bytes] = iter(())
        self._handlers: dict[int, Handler] = {
            **SMALL,
            **dict.fromkeys(UNIMPORTANT, event_bodies.ignored),
            **dict.fromkeys(ROWS_EVENTS, self._rows),
            Code.TABLE_MAP: self._table_map,
        }
        # Sent out of band: their header offset is not a log position, so each carries its own.
        self._out_of_band: dict[int, Callable[[bytes, int, int], Event]] = {
            Code.FORMAT_DESCRIPTION: self._format_description,
            Code.ROTATE: self._rotate,
            Code.HEARTBEAT: self._heartbeat,
            Code.HEARTBEAT_V2: self._heartbeat,
            Code.MARIADB_GTID_LIST: self._offset_only,
            Code.MARIADB_BINLOG_CHECKPOINT: self._offset_only,
        }

    def events(self, packets: Iterable[bytes]) -> Iterator[Event]:
        """The events in `packets`, those of compressed transactions one by one.

        After an error, the next call goes on after the event that caused it.
        """
        yield from self._rest_of_payload()
        for packet in packets:
            event = self.read(packet)
            if type(event) is TransactionPayload:
                self._payload = inner_events(event)
                yield from self._rest_of_payload()
            else:
                yield event

    @property
    def end(self) -> int:
        """The offset in the log after the last event, whether it could be read or not."""
        return self._end

    def forget(self) -> None:
        """Drop the answers of `wanted`, which is then called again."""
        self._shapes.clear()

    def _rest_of_payload(self) -> Iterator[Event]:
        for inner in self._payload:
            yield self._guarded(self._read_inner, inner, self._end)

    def read(self, event: bytes) -> Event:
        """Read one event, as sent: with its header and checksum.

        Raises `BinlogCorrupt` if it contradicts the protocol or its checksum,
        `ConfigurationError` if a wanted table's columns have no names, and
        `SourceError` for an incident.
        """
        return self._guarded(self._read, event, 0)

    def _guarded(self, read: Callable[[bytes, int], Event], event: bytes, end: int) -> Event:
        try:
            return read(event, end)
        except (StructError, IndexError, KeyError, ValueError, OverflowError, zlib.error) as error:
            raise _corrupt(event, self._end, str(error) or type(error).__name__) from error

    def _read(self, event: bytes, _: int) -> Event:
        seconds, code, _, size, log_end, flags = HEADER.unpack_from(event)
        stop = len(event)
        if size != stop:
            raise _corrupt(event, self._end, f"its header says {size} bytes, and it has {stop}")
        if self._checksum:
            if zlib.crc32(event) != CRC_RESIDUE:
                raise _corrupt(event, self._end, "its checksum is wrong")
            stop -= CRC_SIZE
        elif self._checksum is None and code not in {Code.ROTATE, Code.FORMAT_DESCRIPTION}:
            raise _corrupt(event, self._end, "no format description came before it")
        if code in self._out_of_band:
            return self._out_of_band[code](event, stop, log_end)
        if not log_end:  # MariaDB 11.4 leaves the offset out inside transactions.
            self._end += size
        elif not flags & ARTIFICIAL:
            # The header has 32 bits, and a large transaction ends beyond 4 GiB.
            self._end += (log_end - self._end) & 0xFFFFFFFF
        handler = self._handlers.get(code)
        if handler is None:
            return self._unknown(event, flags, self._end)
        return handler(event, stop, seconds, self._end)

    def _read_inner(self, event: bytes, end: int) -> Event:
        seconds, code, _, size, _, flags = HEADER.unpack_from(event)
        handler = self._handlers.get(code)
        if handler is None or code == Code.TRANSACTION_PAYLOAD:
            return self._unknown(event, flags, end)
        return handler(event, size, seconds, end)

    def _unknown(self, event: bytes, flags: int, end: int) -> Ignored:
        if flags & IGNORABLE:
            return Ignored(event[4], end)
        raise BinlogCorrupt(
            f"The event that ends at offset {end} has the type {event[4]}, which this migrator "
            "does not know. If the server is newer than the migrator, update the migrator."
        )

    def _table_map(self, event: bytes, stop: int, seconds: int, end: int) -> Event:
        body = event[BODY + 8 : stop]
        shape = self._shapes[body] if body in self._shapes else self._new_shape(body)
        low, high, *_ = ROWS_HEADER.unpack_from(event, BODY)
        self._tables[low | high << 32] = shape
        return Ignored(Code.TABLE_MAP, end)

    def _new_shape(self, body: bytes) -> TableShape | None:
        table, _ = table_of(body)
        shape = parse_shape(body, mariadb=self._mariadb) if self._wanted(table) else None
        if len(self._shapes) >= SHAPES_MAX:
            self._shapes.clear()
        self._shapes[body] = shape
        return shape

    def _rows(self, event: bytes, stop: int, seconds: int, end: int) -> Event:
        code = event[4]
        kind, extra, compressed = ROWS_EVENTS[code]
        low, high, flags, extra_size = ROWS_HEADER.unpack_from(event, BODY)
        table_id = low | high << 32
        if table_id == DUMMY_TABLE:
            return Ignored(code, end)
        if table_id not in self._tables:
            raise _corrupt(event, end, f"no table map came for table {table_id}")
        shape = self._tables[table_id]
        if flags & STATEMENT_END:
            self._tables.clear()
        if shape is None:
            return Ignored(code, end)
        at = BODY + 8 + (extra_size if extra else 0)
        width, at = length_encoded(event, at)
        if width != len(shape.columns):
            raise _corrupt(
                event, end, f"it has {width} columns, its table map {len(shape.columns)}"
            )
        first = at + (width + 7 >> 3)
        start = first + (width + 7 >> 3) if kind is RowsKind.UPDATE else first
        if start > stop:
            raise IndexError("the rows are cut off")
        before = b"" if kind is RowsKind.INSERT else event[at:first]
        after = event[start - (first - at) : start] if kind is not RowsKind.DELETE else b""
        body = event
        if compressed:
            body = mariadb.uncompress(event, start, stop)
            start, stop = 0, len(body)
        partial = code == Code.PARTIAL_UPDATE_ROWS
        return Rows(kind, shape, body, start, stop, before, after, partial, not flags & SHOWN, end)

    def _format_description(self, event: bytes, stop: int, log_end: int) -> Ignored:
        # It always ends with the algorithm and a checksum, even if events have no checksums.
        algorithm = event[-5]
        if int.from_bytes(event[19:21], "little") != 4 or event[75] != BODY or algorithm > 1:
            raise _corrupt(event, self._end, "its format is not version 4")
        intact = zlib.crc32(event) == CRC_RESIDUE
        if algorithm:
            if not intact:
                raise _corrupt(event, self._end, "its checksum is wrong")
        elif zlib.crc32(event[:-5] + b"\1" + event[-4:]) == CRC_RESIDUE:
            raise _corrupt(event, self._end, "its checksum belongs to another algorithm")
        version = event[21:71].partition(b"\0")[0].decode("ascii")
        self._mariadb = "mariadb" in version.lower()
        self._checksum = bool(algorithm)
        self._end = max(self._end, log_end)
        self._tables.clear()
        return Ignored(Code.FORMAT_DESCRIPTION, self._end)

    def _rotate(self, event: bytes, stop: int, log_end: int) -> Rotate:
        # The first ROTATE comes before the event that says whether events have checksums.
        if self._checksum is None and zlib.crc32(event) == CRC_RESIDUE:
            stop -= CRC_SIZE
        (offset,) = ROTATE.unpack_from(event, BODY)
        file = event[BODY + 8 : stop].decode("utf-8")
        self._end = offset
        self._tables.clear()
        return Rotate(file, offset, offset)

    def _heartbeat(self, event: bytes, stop: int, log_end: int) -> Heartbeat:
        ahead = (log_end - self._end) & 0xFFFFFFFF
        end = self._end + (ahead if ahead < 1 << 31 else 0)
        is_old = event[4] == Code.HEARTBEAT
        read = event_bodies.heartbeat if is_old else event_bodies.heartbeat_v2
        found = read(event, stop, 0, end)
        self._end = max(self._end, found.end)
        return found

    def _offset_only(self, event: bytes, stop: int, log_end: int) -> Ignored:
        self._end = max(self._end, log_end)
        return Ignored(event[4], self._end)


def _corrupt(event: bytes, end: int, reason: str) -> BinlogCorrupt:
    kind = "unknown type"
    if len(event) > 4:
        code = event[4]
        name = Code(code).name if code in Code.__members__.values() else "unknown"
        kind = f"type {code} ({name})"
    return BinlogCorrupt(
        f"The event of {kind} at or after offset {end} cannot be read: {reason}. "
        "If mysqlbinlog reads it, this is a bug of the migrator: please report it."
    )
