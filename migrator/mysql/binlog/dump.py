"""Requests the binlog from the server, as a replica does.

Source: MySQL, COM_BINLOG_DUMP and COM_BINLOG_DUMP_GTID of the client/server protocol,
sql/rpl_binlog_sender.cc; MariaDB, "Replication Protocol".
"""

import uuid
from collections.abc import AsyncGenerator
from struct import Struct

from migrator.errors import START_OVER, PositionLost, SourceError, SourceUnavailable
from migrator.model.position import Position
from migrator.mysql.position.gtid import GtidSet
from migrator.mysql.wire.connection import Connection
from migrator.mysql.wire.driver import refusal
from migrator.mysql.wire.packets import END_OF_FILE, ERROR, error_of

BINLOG_DUMP = 0x12
BINLOG_DUMP_GTID = 0x1E
FIRST_OFFSET = 4
MISSED_HEARTBEATS = 3

# The two families give the same bits different meanings.
MYSQL_HEARTBEAT_WITH_LONG_OFFSET = 0x02
MARIADB_ANNOTATE_ROWS = 0x02

DUMP = Struct("<IHI")
DUMP_GTID_START = Struct("<HII")
DUMP_GTID_END = Struct("<QI")

BINLOG_ERROR = 1236
SAME_ID = ("same server_uuid", "same server_id", "same server-uuid", "same server id")
PURGED = (
    "purged",
    "could not find first log file",
    "could not find gtid state",
    "not in the master's binlog",
    "not in the source's binlog",
    "impossible position",
    "master has more gtids",
    "replica has more gtids",
    "slave has more gtids",
)


async def dump(
    connection: Connection, start: Position, *, server_id: int, heartbeat_s: float
) -> AsyncGenerator[list[bytes], None]:
    """Every event after `start`, as sent: with its header and checksum, in lists.

    The connection can be used for nothing else afterwards. `server_id` must differ from
    that of every replica. Raises `PositionLost` if the server no longer has what follows
    `start`, `SourceUnavailable` if the connection ends or is silent for three heartbeats,
    and `SourceError` if the server refuses.
    """
    await _introduce(connection, start, heartbeat_s)
    reader = connection.command(*_command(connection, start, server_id))
    try:
        while True:
            packets = await reader.read(MISSED_HEARTBEATS * heartbeat_s)
            # An event begins with 0x00; after any other packet the server sends nothing more.
            last = packets[-1]
            if last[0]:
                packets.pop()
            if packets:
                yield [packet[1:] for packet in packets]
            if last[0] == ERROR:
                raise _refused(connection, server_id, *error_of(last))
            if last[0] == END_OF_FILE:
                raise SourceUnavailable(
                    f"The source at {connection.url} has ended the binlog stream; it is "
                    "probably being stopped."
                )
    finally:
        # Only closing the connection makes the server stop sending.
        connection.abort()


async def _introduce(connection: Connection, start: Position, heartbeat_s: float) -> None:
    """Set the session variables that a replica sets before it requests the binlog."""
    period = int(heartbeat_s * 1e9)
    name = uuid.uuid4()
    # Set the old and the new names: a server reads those that it knows, and ignores the rest.
    variables = [
        "@master_binlog_checksum = 'CRC32', @source_binlog_checksum = 'CRC32'",
        f"@master_heartbeat_period = {period}, @source_heartbeat_period = {period}",
        f"@slave_uuid = '{name}', @replica_uuid = '{name}'",
    ]
    if connection.server.is_mariadb:
        # 4 announces support for MariaDB's GTIDs; below it the server sends placeholders.
        variables.append("@mariadb_slave_capability = 4")
        if start.gtids:
            variables.append(f"@slave_connect_state = '{start.gtids}'")
            variables.append("@slave_gtid_strict_mode = 1, @slave_gtid_ignore_duplicates = 0")
    await connection.query(f"SET {', '.join(variables)}")


def _command(connection: Connection, start: Position, server_id: int) -> tuple[int, bytes]:
    if connection.server.is_mariadb:
        flags = MARIADB_ANNOTATE_ROWS
    else:
        flags = MYSQL_HEARTBEAT_WITH_LONG_OFFSET
        if connection.server.gtid_mode:
            known = GtidSet.parse(start.gtids).encode()
            body = DUMP_GTID_START.pack(flags, server_id, 0)
            return BINLOG_DUMP_GTID, body + DUMP_GTID_END.pack(FIRST_OFFSET, len(known)) + known
    if start.gtids:  # MariaDB has read them from @slave_connect_state.
        return BINLOG_DUMP, DUMP.pack(FIRST_OFFSET, flags, server_id)
    if start.offset >= 1 << 32:
        raise PositionLost(
            f"The position {start.file}:{start.offset} is beyond 4 GiB, and without GTIDs a "
            "binlog can only be requested up to there. Enable gtid_mode, or copy the tables anew."
        )
    offset = max(start.offset, FIRST_OFFSET)
    return BINLOG_DUMP, DUMP.pack(offset, flags, server_id) + start.file.encode("utf-8")


def _refused(connection: Connection, server_id: int, number: int, text: str) -> SourceError:
    lower = text.lower()
    if any(phrase in lower for phrase in SAME_ID):
        return SourceError(
            f"Another replica has logged in at {connection.url} with server_id {server_id}, so "
            "the server ended our stream. Give every replica and every migrator a different id. "
            f"The server says: {text} ({number})."
        )
    if number == BINLOG_ERROR and any(phrase in lower for phrase in PURGED):
        return PositionLost(
            f"The source at {connection.url} no longer has the binlog that follows the stored "
            f"position: {text} ({number}). Raise binlog_expire_logs_seconds. {START_OVER}"
        )
    return refusal(connection.url, number, text)
