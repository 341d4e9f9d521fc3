"""Connecting to SQLite or MySQL."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pymysql.err import MySQLError
from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.backends.mysql.client import MySQLClient
from tortoise.connection import get_connection
from tortoise.exceptions import DBConnectionError, OperationalError

from service.database.faults import connection_failure
from service.database.mysql import WakingPool, mysql_options
from service.database.sqlite_file import make_private
from service.errors import ConfigurationError, DatabaseUnavailable
from service.settings_check import checked_url

APP = "shop"
SQLITE_BUSY_TIMEOUT_MS = 5_000
CLOSE_TIMEOUT_S = 10
PING_TIMEOUT_S = 5


def tortoise_config(database_url: str, pool_size: int = 10) -> dict[str, Any]:
    """Tortoise's configuration for `sqlite://PATH` or `mysql://USER:PASSWORD@HOST:PORT/NAME`.

    Raises `ConfigurationError` for any other URL.
    """
    try:
        connection = expand_db_url(checked_url(database_url))
    except ValueError as error:
        raise ConfigurationError(f"DATABASE_URL: {error}.") from error
    credentials = connection["credentials"]
    if database_url.startswith("sqlite:"):
        credentials.setdefault("busy_timeout", SQLITE_BUSY_TIMEOUT_MS)
    else:
        credentials.update(mysql_options(pool_size) | credentials)
    return {
        "connections": {"default": connection},
        "apps": {APP: {"models": ["service.models"], "migrations": "service.models.migrations"}},
        "use_tz": True,
        "timezone": "UTC",
    }


TORTOISE = tortoise_config("sqlite://:memory:")
"""For Tortoise's own command line: `python -m tortoise -c service.database.TORTOISE ...`."""


@asynccontextmanager
async def connected(database_url: str, pool_size: int = 10) -> AsyncIterator[BaseDBAsyncClient]:
    """Connect the models for as long as the block runs.

    Raises `ConfigurationError` for a file that cannot be used, and `DatabaseUnavailable`.
    """
    config = tortoise_config(database_url, pool_size)
    if database_url.startswith("sqlite:") and ":memory:" not in database_url:
        make_private(Path(str(expand_db_url(database_url)["credentials"]["file_path"])))
    # Tortoise's cache of prepared statements outlives the connection and forgets the dialect.
    EXECUTOR_CACHE.clear()
    # Tortoise keeps its state in a context variable; the global fallback makes it visible to
    # request handlers and cron tasks, which run in contexts of their own.
    context = await Tortoise.init(config=config, _enable_global_fallback=True)
    try:
        client = get_connection("default")
        await _connect(client)
        yield client
    finally:
        # A connection that a cancelled task never gave back must not keep the process alive.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await context.close_connections()


async def _connect(client: BaseDBAsyncClient) -> None:
    """Connect eagerly: a request cancelled while connecting lazily would keep the pool's lock."""
    try:
        await client.create_connection(with_db=True)
        if isinstance(client, MySQLClient) and client._pool is not None:
            client._pool.__class__ = WakingPool
    except (DBConnectionError, MySQLError, OSError) as error:
        where = f"{getattr(client, 'host', '')}:{getattr(client, 'port', '')}"
        raise connection_failure(error, where) from error
    except sqlite3.Error as error:
        raise ConfigurationError(f"DATABASE_URL: the file cannot be used: {error}.") from error


async def ping() -> None:
    """Ask the database for one row. Raises `DatabaseUnavailable` when it does not answer."""
    try:
        async with asyncio.timeout(PING_TIMEOUT_S):
            await get_connection("default").execute_query("SELECT 1")
    except (TimeoutError, OperationalError, DBConnectionError, MySQLError, OSError) as error:
        raise DatabaseUnavailable(
            f"The database does not answer: {type(error).__name__}."
        ) from error
