"""Reading what the stream has already shown: the binlog is sent before the engine commits.

A SELECT that follows an event at once may still see the row as it was before, and a copy of
that would undo the change. `consistent_read` waits until the server shows everything up to a
position. Source: MySQL's group commit (sql/binlog.cc): flush and sync, then the engines,
then gtid_executed; MariaDB, "START TRANSACTION WITH CONSISTENT SNAPSHOT".
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from migrator.errors import SourceError, SourceUnavailable
from migrator.model.position import Position
from migrator.mysql.position.order import log_offset
from migrator.mysql.wire.connection import Connection

WAIT_S = 10
EXECUTED_TRIES = 360
SNAPSHOT_RETRY_S = 0.005
SNAPSHOT_TRIES = 12_000
LOCK_WAIT_S = 3
LOCK_WAIT_TIMEOUT = 1205


@asynccontextmanager
async def consistent_read(connection: Connection, position: Position) -> AsyncIterator[None]:
    """What is selected inside shows all transactions up to `position`, and perhaps newer ones.

    Raises `SourceUnavailable` when the server does not get there within minutes.
    """
    if connection.server.is_mariadb:
        await _snapshot_after(connection, position)
    elif connection.server.gtid_mode:
        await _executed(connection, position.gtids)
        yield
        return
    else:
        await _snapshot_behind_lock(connection)
    yield
    # Not after an error: the next transaction ends this one.
    if not connection.closed:
        await connection.query("COMMIT")


async def _executed(connection: Connection, gtids: str) -> None:
    for _ in range(EXECUTED_TRIES):
        answer = await connection.query(
            "SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, %s)", gtids.replace("\n", ""), WAIT_S
        )
        if answer == [(0,)]:
            return
    raise _never_shown()


async def _snapshot_after(connection: Connection, position: Position) -> None:
    """A consistent snapshot tells its place in the binlog; repeat until it is far enough."""
    for _ in range(SNAPSHOT_TRIES):
        await connection.query("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        rows = await connection.query("SHOW STATUS LIKE 'binlog_snapshot_%%'")
        status = {name.lower(): value for name, value in rows}
        file, offset = status["binlog_snapshot_file"], int(status["binlog_snapshot_position"])
        if log_offset(file, offset) >= log_offset(position.file, position.offset):
            return
        await connection.query("ROLLBACK")
        await asyncio.sleep(SNAPSHOT_RETRY_S)
    raise _never_shown()


async def _snapshot_behind_lock(connection: Connection) -> None:
    """Without GTIDs MySQL says nowhere what is visible: no commit is under way behind this lock."""
    # Behind a long SELECT this lock would hold up every writer.
    await connection.query(f"SET SESSION lock_wait_timeout = {LOCK_WAIT_S}")
    try:
        await connection.query("FLUSH TABLES WITH READ LOCK")
    except SourceError as error:
        if error.number != LOCK_WAIT_TIMEOUT:
            raise
        raise SourceUnavailable(
            f"Could not get the global read lock within {LOCK_WAIT_S} s: a long-running statement "
            "holds tables open."
        ) from error
    try:
        await connection.query("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
    finally:
        await connection.query("UNLOCK TABLES")


def _never_shown() -> SourceUnavailable:
    return SourceUnavailable(
        "The source has sent a transaction in its binlog and does not show its rows. Look for a "
        "commit that hangs (SHOW PROCESSLIST), for instance semi-synchronous replication without "
        "a replica."
    )
