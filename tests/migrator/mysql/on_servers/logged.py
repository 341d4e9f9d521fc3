"""Statements, and the events that the server logs for them."""

from migrator.model.table import TableName
from migrator.mysql.binlog.reader import (
    Event,
    EventReader,
    Gtid,
    Query,
    Rows,
    XaPrepare,
    Xid,
)
from migrator.mysql.position.log import current_position
from migrator.mysql.wire.connection import Connection
from tests.migrator.mysql.on_servers.conftest import logged_since

TABLE = """CREATE TABLE t (
    id INT UNSIGNED PRIMARY KEY AUTO_INCREMENT, s VARCHAR(50) CHARACTER SET latin1,
    c CHAR(100) CHARACTER SET utf8mb4, b VARBINARY(20), e ENUM('a', 'ü') CHARACTER SET utf8mb4,
    y YEAR, i INT, g GEOMETRY, d DECIMAL(10,2), m SET('x', 'y') CHARACTER SET latin1,
    tx TEXT CHARACTER SET ucs2, u BIGINT UNSIGNED, bt BIT(13)
)"""


def wanted(_: TableName) -> bool:
    return True


async def events_of(connection: Connection, *statements: str) -> list[Event]:
    """What the server logs for these statements."""
    start = await current_position(connection)
    for sql in statements:
        await connection.query(sql)
    raw = await logged_since(connection.url, start)
    ((database,),) = await connection.query("SELECT DATABASE()")
    reader = EventReader(lambda table: table.database == database)
    return own_events(list(reader.events(raw)), database)


def own_events(events: list[Event], database: str) -> list[Event]:
    """The events of the transactions in `database`: others use the server, too."""
    kinds = (Gtid, Query, Rows, Xid, XaPrepare)
    transactions: list[list[Event]] = []
    for event in events:
        if isinstance(event, Gtid):
            transactions.append([])
        if isinstance(event, kinds) and transactions:
            transactions[-1].append(event)
    return [
        event
        for transaction in transactions
        if any(_is_in(database, event) for event in transaction)
        for event in transaction
    ]


def _is_in(database: str, event: Event) -> bool:
    if isinstance(event, Query):
        return event.database == database
    return isinstance(event, Rows) and event.shape.table.database == database


def names_of(events: list[Event]) -> list[str]:
    """The events but for GTIDs, which others' transactions have too."""
    return [
        event.text.decode() if isinstance(event, Query)
        else event.kind.value if isinstance(event, Rows)
        else type(event).__name__
        for event in events
        if not isinstance(event, Gtid)
    ]  # fmt: skip
