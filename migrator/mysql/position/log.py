"""Where the source's binlog ends, and whether the source can continue from a position."""

import re

from migrator.errors import (
    START_OVER,
    ConfigurationError,
    PositionLost,
    SourceError,
    SourceUnavailable,
)
from migrator.model.position import Position
from migrator.mysql.position.gtid import GtidSet, MariadbPosition, count, count_between
from migrator.mysql.wire.connection import Connection

THREAD = re.compile(r"#\d+")
"""The thread that owns a GTID, in @@gtid_owned: `uuid:23#12`."""


async def current_position(connection: Connection) -> Position:
    """Where the log ends now; raises `ConfigurationError` if the server writes no binlog."""
    file, offset = await _end(connection)
    gtids = await _gtids(connection, file, offset)
    return Position(gtids, file, offset, connection.server.identity)


async def shown_by_now(connection: Connection, server: str) -> Position:
    """A place in the log before which all transactions are that a SELECT has shown until now.

    A server writes a transaction to its log before it shows it. Where the connection does not
    lead to the `server` whose log is read, the place consists of GTIDs; raises
    `SourceUnavailable` without GTIDs.
    """
    if connection.server.identity == server:
        return Position("", *await _end(connection), server)
    if not connection.server.has_gtids:
        raise SourceUnavailable(
            f"A connection to {connection.url} leads to another server than the one whose binlog "
            "is read, and without GTIDs their logs cannot be compared."
        )
    if connection.server.is_mariadb:
        ((gtids,),) = await connection.query("SELECT @@global.gtid_binlog_pos")
        return Position(str(gtids or ""))
    # What is shown already and not counted as executed yet, is owned by the session that
    # commits it. The server evaluates the columns from left to right.
    sql = "SELECT @@global.gtid_owned, @@global.gtid_executed"
    ((owned, executed),) = await connection.query(sql)
    return Position(",".join(filter(None, (THREAD.sub("", owned), executed))))


async def _end(connection: Connection) -> tuple[str, int]:
    # MySQL renamed the statement in 8.2 and removed the old name in 8.4.
    is_renamed = not connection.server.is_mariadb and connection.server.version_tuple >= (8, 2)
    status = "SHOW BINARY LOG STATUS" if is_renamed else "SHOW MASTER STATUS"
    rows = await connection.query(status)
    if not rows:
        raise ConfigurationError(
            f"The source at {connection.url} writes no binlog. Start it with log_bin."
        )
    file, offset = rows[0][:2]
    return str(file), int(offset)


async def _gtids(connection: Connection, file: str, offset: int) -> str:
    if connection.server.is_mariadb:
        # Asked by file and offset: @@gtid_binlog_pos may have moved since SHOW MASTER STATUS.
        rows = await connection.query("SELECT BINLOG_GTID_POS(%s, %s)", file, offset)
        return str(rows[0][0] or "")
    if not connection.server.gtid_mode:
        return ""
    ((executed,),) = await connection.query("SELECT @@global.gtid_executed")
    return str(GtidSet.parse(executed))


async def transactions_behind(connection: Connection, landed: Position) -> int | None:
    """How many transactions of the source have not landed; None without GTIDs.

    Raises `SourceUnavailable`.
    """
    if connection.server.is_mariadb:
        ((last,),) = await connection.query("SELECT @@global.gtid_binlog_pos")
        return count_between(landed.gtids, str(last))
    if not connection.server.gtid_mode:
        return None
    statement = "SELECT GTID_SUBTRACT(@@global.gtid_executed, %s)"
    ((missing,),) = await connection.query(statement, landed.gtids)
    return count(str(missing))


async def check_still_available(connection: Connection, position: Position) -> None:
    """Check that this server can continue exactly from `position`; else raise `PositionLost`."""
    if not position.gtids and not position.file:
        return
    if position.gtids and connection.server.is_mariadb:
        await _check_domains(connection, position)
    elif position.gtids:
        await _check_gtids(connection, position)
    else:
        await _check_file(connection, position)


async def _check_gtids(connection: Connection, position: Position) -> None:
    if not connection.server.gtid_mode:
        raise PositionLost(
            f"The stored position consists of GTIDs, and the source at {connection.url} has "
            "gtid_mode OFF. Turn it on again, or copy the tables anew."
        )
    ((executed, purged),) = await connection.query(
        "SELECT @@global.gtid_executed, @@global.gtid_purged"
    )
    ours = GtidSet.parse(position.gtids)
    if not ours.is_subset(GtidSet.parse(executed)):
        raise _other_history(connection)
    if not GtidSet.parse(purged).is_subset(ours):
        rows = await connection.query("SELECT GTID_SUBTRACT(%s, %s)", purged, position.gtids)
        raise _purged(connection, str(rows[0][0]).replace("\n", ""))


async def _check_domains(connection: Connection, position: Position) -> None:
    ((state, last),) = await connection.query(
        "SELECT @@global.gtid_binlog_state, @@global.gtid_binlog_pos"
    )
    ours = MariadbPosition.parse(position.gtids)
    if not ours.is_subset(MariadbPosition.parse(last)):
        raise _other_history(connection)
    # The state lists every domain and server that ever wrote to this log.
    servers = {tuple(entry.split("-")[:2]) for entry in str(state).split(",") if entry}
    if any(tuple(entry.split("-")[:2]) not in servers for entry in str(ours).split(",")):
        raise _other_history(connection)
    oldest = (await connection.query("SHOW BINARY LOGS"))[0][0]
    rows = await connection.query("SELECT BINLOG_GTID_POS(%s, 4)", oldest)
    # The log before the oldest file is purged, so our position must include all of it.
    oldest_gtids = str(rows[0][0] or "")
    if not MariadbPosition.parse(oldest_gtids).is_subset(ours):
        raise _purged(connection, f"what lies between {position.gtids} and {oldest_gtids}")


async def _check_file(connection: Connection, position: Position) -> None:
    if position.server != connection.server.identity:
        raise PositionLost(
            f"The stored position is in a file of the server {position.server}, and the source "
            f"at {connection.url} is {connection.server.identity}. Connect to the former, or copy "
            "the tables anew. With GTIDs a failover needs neither."
        )
    sizes = {str(row[0]): int(row[1]) for row in await connection.query("SHOW BINARY LOGS")}
    if position.file not in sizes:
        raise _purged(connection, position.file)
    if sizes[position.file] < position.offset:
        raise _other_history(connection)


def _purged(connection: Connection, missing: str) -> SourceError:
    return PositionLost(
        f"The source at {connection.url} has purged binlogs that follow the stored position: "
        f"{missing} is missing. Raise binlog_expire_logs_seconds. {START_OVER}"
    )


def _other_history(connection: Connection) -> SourceError:
    return PositionLost(
        f"The stored position has transactions that the source at {connection.url} never had: "
        "it is another server, was reset, or lost its last transactions in a crash. Connect to "
        f"the right one. {START_OVER}"
    )
