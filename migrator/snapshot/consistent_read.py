"""Reading what the stream has already shown: the binlog is sent before the engine commits.

A SELECT that follows an event at once may still see the row as it was before, and a copy of
that would undo the change. `consistent_read` waits until the server shows everything up to a
position. Source: MySQL's group commit (sql/binlog.cc): flush and sync, then the engines,
then gtid_executed; MariaDB, "START TRANSACTION WITH CONSISTENT SNAPSHOT".
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from migrator.errors import SourceError, SourceUnavailable
from migrator.model.position import Position
from migrator.mysql.position.order import log_offset, offset_of
from migrator.mysql.wire.connection import Connection

WAIT_S = 10
EXECUTED_TRIES = 360
SNAPSHOT_RETRY_S = 0.005
SNAPSHOT_TRIES = 12_000
LOCK_WAIT_S = 3
LOCK_WAIT_TIMEOUT = 1205
WARN_INTERVAL_S = 60.0

HANGS = (
    "The source has sent a transaction in its binlog and does not show its rows. Look for a "
    "commit that hangs (SHOW PROCESSLIST), for instance semi-synchronous replication without "
    "a replica."
)

log = structlog.get_logger()


@asynccontextmanager
async def consistent_read(connection: Connection, position: Position) -> AsyncIterator[None]:
    """What is selected inside shows all transactions up to `position`, and perhaps newer ones.

    Raises `SourceUnavailable` when the server does not get there: within an hour by GTIDs, within
    some minutes on MariaDB. Meanwhile the log says what capture waits for.
    """
    if connection.server.is_mariadb:
        await _snapshot_after(connection, position)
    elif connection.server.gtid_mode:
        await _executed(connection, position.gtids)
        yield
        return
    else:
        await _snapshot_under_lock(connection)
    yield
    # Not after an error: the next transaction ends this one.
    if not connection.closed:
        await connection.query("COMMIT")


async def _executed(connection: Connection, gtids: str) -> None:
    warning = HangWarning(silent_s=0)
    for _ in range(EXECUTED_TRIES):
        answer = await connection.query(
            "SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, %s)", gtids.replace("\n", ""), WAIT_S
        )
        if answer == [(0,)]:
            return
        warning.due()
    raise SourceUnavailable(HANGS)


async def _snapshot_after(connection: Connection, position: Position) -> None:
    """A consistent snapshot reports its binlog position; repeat until it is far enough."""
    warning = HangWarning(silent_s=WAIT_S)
    for _ in range(SNAPSHOT_TRIES):
        await connection.query("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        rows = await connection.query("SHOW STATUS LIKE 'binlog_snapshot_%%'")
        status = {name.lower(): value for name, value in rows}
        file, offset = status["binlog_snapshot_file"], int(status["binlog_snapshot_position"])
        if log_offset(file, offset) >= offset_of(position):
            return
        await connection.query("ROLLBACK")
        warning.due()
        await asyncio.sleep(SNAPSHOT_RETRY_S)
    raise SourceUnavailable(HANGS)


async def _snapshot_under_lock(connection: Connection) -> None:
    """Without GTIDs MySQL does not report what is visible; under this lock no commit is open."""
    # While the lock waits for a long SELECT, every writer waits for the lock.
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


class HangWarning:
    """Warns of a commit that hangs, once the wait exceeds `silent_s`, and then once a minute."""

    def __init__(self, silent_s: float) -> None:
        self._begun_s = time.monotonic()
        self._due_s = self._begun_s + silent_s

    def due(self) -> None:
        """Log the warning if it is time; call it after each try that fails."""
        now_s = time.monotonic()
        if now_s >= self._due_s:
            self._due_s = now_s + WARN_INTERVAL_S
            log.warning(f"{HANGS} Capture has waited for {now_s - self._begun_s:.0f} s.")
