"""What every connection to MySQL or MariaDB needs, and a pool that survives a restart."""

import asyncio
from typing import Any

import aiomysql

from service.models.migration_steps.collation import EXACT_ON_MARIADB, EXACT_ON_MYSQL

CONNECT_TIMEOUT_S = 10
POOL_RECYCLE_S = 1_800

# Tortoise sets the time zone on only one connection of the pool and replaces the server's
# whole sql_mode by a part of it, so both are set here on every connection.
# READ COMMITTED has no gap locks, over which concurrent orders would deadlock. Where a
# statement casts a column, the connection's collation applies, so it is as exact as the
# columns'. Each server executes only its own kind of comment: the variables' names differ.
SESSION = (
    "SET time_zone = '+00:00'"
    f"/*M! , tx_isolation = 'READ-COMMITTED', collation_connection = '{EXACT_ON_MARIADB}' */"
    "/*!80017 , transaction_isolation = 'READ-COMMITTED', "
    f"collation_connection = '{EXACT_ON_MYSQL}' */"
)
SQL_MODE = (
    "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
)


def mysql_options(pool_size: int) -> dict[str, Any]:
    """The options of aiomysql's pool."""
    return {
        "minsize": min(2, pool_size),
        "maxsize": pool_size,
        "charset": "utf8mb4",
        "init_command": SESSION,
        "sql_mode": SQL_MODE,
        "connect_timeout": CONNECT_TIMEOUT_S,
        "pool_recycle": POOL_RECYCLE_S,
    }


class WakingPool(aiomysql.Pool):  # type: ignore[misc]
    """A pool that wakes a waiting task also when a connection comes back broken.

    aiomysql wakes one only for a connection that can be used again: after the server has
    ended connections, the tasks would wait for connections that never come back.
    """

    def release(self, conn: Any) -> "asyncio.Future[None]":
        """Give a connection back; the next waiting task looks for a free one again."""
        free = self.freesize
        released: asyncio.Future[None] = super().release(conn)
        if self.freesize > free:
            return released  # aiomysql has woken a task for it.
        return asyncio.get_running_loop().create_task(self._wakeup())
