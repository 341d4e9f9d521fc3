"""The events of a binlog that the migration needs.

Each has `end`, the offset in the log after it. Treat them as immutable: they are not frozen
only because a busy source sends hundreds of thousands a second.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from migrator.mysql.columns.column import TableShape


class Code(IntEnum):
    """The type byte of an event.

    Source: MySQL, libs/mysql/binlog/event/binlog_event.h; MariaDB, sql/log_event.h.
    """

    QUERY = 2
    STOP = 3
    ROTATE = 4
    INTVAR = 5
    APPEND_BLOCK = 9
    DELETE_FILE = 11
    RAND = 13
    USER_VAR = 14
    FORMAT_DESCRIPTION = 15
    XID = 16
    BEGIN_LOAD_QUERY = 17
    EXECUTE_LOAD_QUERY = 18
    TABLE_MAP = 19
    WRITE_ROWS_V1 = 23
    UPDATE_ROWS_V1 = 24
    DELETE_ROWS_V1 = 25
    INCIDENT = 26
    HEARTBEAT = 27
    IGNORABLE = 28
    ROWS_QUERY = 29
    WRITE_ROWS = 30
    UPDATE_ROWS = 31
    DELETE_ROWS = 32
    GTID = 33
    ANONYMOUS_GTID = 34
    PREVIOUS_GTIDS = 35
    TRANSACTION_CONTEXT = 36
    VIEW_CHANGE = 37
    XA_PREPARE = 38
    PARTIAL_UPDATE_ROWS = 39
    TRANSACTION_PAYLOAD = 40
    HEARTBEAT_V2 = 41
    GTID_TAGGED = 42
    MARIADB_ANNOTATE_ROWS = 160
    MARIADB_BINLOG_CHECKPOINT = 161
    MARIADB_GTID = 162
    MARIADB_GTID_LIST = 163
    MARIADB_START_ENCRYPTION = 164
    MARIADB_QUERY_COMPRESSED = 165
    MARIADB_WRITE_ROWS_COMPRESSED_V1 = 166
    MARIADB_UPDATE_ROWS_COMPRESSED_V1 = 167
    MARIADB_DELETE_ROWS_COMPRESSED_V1 = 168
    MARIADB_WRITE_ROWS_COMPRESSED = 169
    MARIADB_UPDATE_ROWS_COMPRESSED = 170
    MARIADB_DELETE_ROWS_COMPRESSED = 171


class RowsKind(StrEnum):
    """What happened to the rows of an event."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


INSERT, UPDATE, DELETE = RowsKind
ROWS_EVENTS: dict[int, tuple[RowsKind, bool, bool]] = {
    # The kind, whether the header has extra data, and whether the rows are compressed.
    Code.WRITE_ROWS_V1: (INSERT, False, False),
    Code.UPDATE_ROWS_V1: (UPDATE, False, False),
    Code.DELETE_ROWS_V1: (DELETE, False, False),
    Code.WRITE_ROWS: (INSERT, True, False),
    Code.UPDATE_ROWS: (UPDATE, True, False),
    Code.DELETE_ROWS: (DELETE, True, False),
    Code.PARTIAL_UPDATE_ROWS: (UPDATE, True, False),
    Code.MARIADB_WRITE_ROWS_COMPRESSED_V1: (INSERT, False, True),
    Code.MARIADB_UPDATE_ROWS_COMPRESSED_V1: (UPDATE, False, True),
    Code.MARIADB_DELETE_ROWS_COMPRESSED_V1: (DELETE, False, True),
    Code.MARIADB_WRITE_ROWS_COMPRESSED: (INSERT, True, True),
    Code.MARIADB_UPDATE_ROWS_COMPRESSED: (UPDATE, True, True),
    Code.MARIADB_DELETE_ROWS_COMPRESSED: (DELETE, True, True),
}


@dataclass(slots=True)
class Rotate:
    """The log goes on in `file` at `offset`."""

    file: str
    offset: int
    end: int


@dataclass(slots=True)
class Gtid:
    """A transaction begins.

    `gtid` is "uuid:n", "uuid:tag:n" or "domain-server-n", "" if it is anonymous.
    `committed_at` is in microseconds since 1970, on MariaDB of whole seconds.
    `begins` (MariaDB, which logs no BEGIN) says that a COMMIT will follow. `prepares`
    (MariaDB) is the xid of the distributed transaction that it prepares, otherwise "".
    """

    gtid: str
    committed_at: int
    end: int
    begins: bool = False
    prepares: str = ""


@dataclass(slots=True)
class Query:
    """A statement as its client sent it, and the settings by which the server read it.

    `database` is the default one, `sql_mode` the session's bits, `collation` the id of a
    collation of the client's character set. `touched` (MySQL) are the databases of all
    tables that the statement read or wrote, None if the event does not say. `committed_at` is in
    seconds since 1970.
    """

    database: str
    text: bytes
    sql_mode: int
    collation: int
    touched: tuple[str, ...] | None
    committed_at: int
    end: int


@dataclass(slots=True)
class Rows:
    """Changed rows, still encoded: `body[start:stop]`.

    The bitmaps say which columns the images hold, the first column in the lowest
    bit; an INSERT has no before-image and a DELETE no after-image (b""). `partial_json`:
    after-images begin with value options and may hold differences of JSON. `hides`: the log
    does not show other rows that foreign keys changed because of these.
    """

    kind: RowsKind
    shape: TableShape
    body: bytes
    start: int
    stop: int
    before_bitmap: bytes
    after_bitmap: bytes
    partial_json: bool
    hides: bool
    end: int


@dataclass(slots=True)
class Xid:
    """The transaction is committed."""

    end: int


@dataclass(slots=True)
class XaPrepare:
    """A distributed transaction is prepared, or with `one_phase` committed.

    `xid` is as in the XA COMMIT or XA ROLLBACK that follows: X'..',X'..',n.
    """

    xid: str
    one_phase: bool
    end: int


@dataclass(slots=True)
class Heartbeat:
    """The server has no event to send; it has searched the log up to here."""

    file: str
    offset: int
    end: int


@dataclass(slots=True)
class TransactionPayload:
    """Compressed events of one transaction: `body[start:stop]`."""

    body: bytes
    start: int
    stop: int
    compressed: bool
    uncompressed_size: int
    end: int


@dataclass(slots=True)
class Ignored:
    """An event that has nothing for the migration, or rows of a table that is not wanted."""

    code: int
    end: int


Event = Rotate | Gtid | Query | Rows | Xid | XaPrepare | Heartbeat | TransactionPayload | Ignored
