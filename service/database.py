"""Connecting to SQLite or MySQL, and bringing the schema up to date."""

import asyncio
import contextlib
import pkgutil
import sqlite3
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomysql
from pymysql.constants import CR, ER
from pymysql.err import InterfaceError, MySQLError
from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.backends.mysql.client import MySQLClient
from tortoise.connection import get_connection
from tortoise.exceptions import DBConnectionError, OperationalError
from tortoise.migrations.executor import MigrationExecutor, PlanStep

from service.errors import ConfigurationError, DatabaseUnavailable, OutcomeUnknown
from service.models import migrations
from service.models.collation import EXACT_COLLATION, EXACT_ON_MARIADB, EXACT_ON_MYSQL
from service.settings_check import checked_url
from service.sqlite_file import make_private

APP = "shop"
SQLITE_BUSY_TIMEOUT_MS = 5_000
MYSQL_CONNECT_TIMEOUT_S = 10
MYSQL_POOL_RECYCLE_S = 1_800
MIGRATION_LOCK_TIMEOUT_S = 60
CLOSE_TIMEOUT_S = 10
PING_TIMEOUT_S = 5

_UNREACHABLE = {
    CR.CR_CONNECTION_ERROR,
    CR.CR_CONN_HOST_ERROR,
    CR.CR_SERVER_GONE_ERROR,
    CR.CR_SERVER_LOST,
}

# Tortoise sets the time zone on one pooled connection only and replaces the
# server's whole sql_mode by a part of it, so every connection is told here.
# READ COMMITTED has no gap locks, over which concurrent orders would deadlock. Where a
# statement casts a column, the connection's collation counts, so it is as exact. Each
# server executes only its own kind of comment, since the variables' names differ.
MYSQL_SESSION = (
    "SET time_zone = '+00:00'"
    f"/*M! , tx_isolation = 'READ-COMMITTED', collation_connection = '{EXACT_ON_MARIADB}' */"
    "/*!80017 , transaction_isolation = 'READ-COMMITTED', "
    f"collation_connection = '{EXACT_ON_MYSQL}' */"
)
MYSQL_SQL_MODE = (
    "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
)


class WakingPool(aiomysql.Pool):  # type: ignore[misc]
    """A pool whose waiters go on when a connection comes back broken.

    The library's own wakes one only for a connection that can be used again: after the
    server has ended connections, callers would wait for those that will never come back.
    """

    def release(self, conn: Any) -> "asyncio.Future[None]":
        """Give a connection back; whoever waits looks again."""
        free = self.freesize
        released: asyncio.Future[None] = super().release(conn)
        if self.freesize > free:
            return released  # Somebody is woken for it.
        return asyncio.get_running_loop().create_task(self._wakeup())


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
        credentials.update(_mysql_options(pool_size) | credentials)
    return {
        "connections": {"default": connection},
        "apps": {APP: {"models": ["service.models"], "migrations": "service.models.migrations"}},
        "use_tz": True,
        "timezone": "UTC",
    }


def _mysql_options(pool_size: int) -> dict[str, Any]:
    return {
        "minsize": min(2, pool_size),
        "maxsize": pool_size,
        "charset": "utf8mb4",
        "init_command": MYSQL_SESSION,
        "sql_mode": MYSQL_SQL_MODE,
        "connect_timeout": MYSQL_CONNECT_TIMEOUT_S,
        "pool_recycle": MYSQL_POOL_RECYCLE_S,
    }


TORTOISE = tortoise_config("sqlite://:memory:")
"""For Tortoise's own command line: `python -m tortoise -c service.database.TORTOISE ...`."""


@asynccontextmanager
async def connected(database_url: str, pool_size: int = 10) -> AsyncIterator[BaseDBAsyncClient]:
    """Connect the models for as long as the block runs.

    Tortoise keeps its state in a context variable; the global fallback makes it
    visible to request handlers and cron tasks, which run in contexts of their own.
    """
    config = tortoise_config(database_url, pool_size)
    if database_url.startswith("sqlite:") and ":memory:" not in database_url:
        _make_private(Path(str(expand_db_url(database_url)["credentials"]["file_path"])))
    # Its cache of prepared statements outlives the connection and forgets the dialect.
    EXECUTOR_CACHE.clear()
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
    """Connect now, not on first use: a request that is cancelled amid that would keep the lock."""
    try:
        await client.create_connection(with_db=True)
        if isinstance(client, MySQLClient) and client._pool is not None:
            client._pool.__class__ = WakingPool
    except (DBConnectionError, MySQLError, OSError) as error:
        # Tortoise replaces the driver's error by its own, without the code.
        found = error.__context__ if isinstance(error, DBConnectionError) else error
        where = f"{getattr(client, 'host', '')}:{getattr(client, 'port', '')}"
        raise DatabaseUnavailable(_why_unreachable(found, where)) from error
    except sqlite3.Error as error:
        raise ConfigurationError(f"DATABASE_URL: the file is of no use: {error}.") from error


def _why_unreachable(error: BaseException | None, where: str) -> str:
    code = error.args[0] if isinstance(error, MySQLError) and error.args else None
    if code == ER.BAD_DB_ERROR:
        return f"The server at {where} has no such database. Make it: python -m service upgrade"
    if code in {ER.ACCESS_DENIED_ERROR, ER.DBACCESS_DENIED_ERROR}:
        return f"The server at {where} refuses the user, password or database of DATABASE_URL."
    return f"No MySQL server answers at {where}. Is DATABASE_URL right?"


def _make_private(path: Path) -> None:
    try:
        make_private(path)
    except OSError as error:
        message = f"DATABASE_URL: {path} cannot be opened: {error.strerror}."
        raise ConfigurationError(message) from error


@asynccontextmanager
async def of_newest_schema(database_url: str, pool_size: int = 10) -> AsyncIterator[None]:
    """As `connected`, to a database that has every table.

    SQLite is upgraded first. Raises `ConfigurationError` where MySQL needs an upgrade.
    """
    if database_url.startswith("sqlite:"):
        await upgrade(database_url)
    async with connected(database_url, pool_size):
        if outstanding := await outstanding_migrations():
            raise ConfigurationError(
                f"The database lacks {', '.join(outstanding)}. Run: python -m service upgrade"
            )
        yield


def is_unavailable(error: BaseException | None) -> bool:
    """Whether an error only says that the database cannot be reached."""
    cause = error.args[0] if isinstance(error, OperationalError) and error.args else error
    if isinstance(cause, MySQLError):
        return isinstance(cause, InterfaceError) or cause.args[0] in _UNREACHABLE
    return isinstance(error, DBConnectionError | ConnectionError)


def database_failure(error: BaseException) -> DatabaseUnavailable | OutcomeUnknown | None:
    """What clients are told of an error that is the database's, in its own words if it has any."""
    if isinstance(error, DatabaseUnavailable | OutcomeUnknown):
        return error
    if is_unavailable(error):
        return DatabaseUnavailable("The database is not available; please try again.")
    return None


async def ping() -> None:
    """Ask the database for one row. Raises `DatabaseUnavailable` when it does not answer."""
    try:
        async with asyncio.timeout(PING_TIMEOUT_S):
            await get_connection("default").execute_query("SELECT 1")
    except (TimeoutError, OperationalError, DBConnectionError, MySQLError, OSError) as error:
        raise DatabaseUnavailable(
            f"The database does not answer: {type(error).__name__}."
        ) from error


async def upgrade(database_url: str) -> list[str]:
    """Create the database if it is missing, apply the outstanding migrations, return their names.

    Two processes may call this at once: on MySQL the second waits for the first.
    """
    if database_url.startswith("mysql:"):
        await _create_mysql_database(database_url)
    async with connected(database_url) as client, _migration_lock(client):
        executor = MigrationExecutor(client, tortoise_config(database_url)["apps"])
        with warnings.catch_warnings():
            # MySQL warns that the table of applied migrations exists already, as it should.
            warnings.simplefilter("ignore", aiomysql.Warning)
            plan: list[PlanStep] = await executor.plan()
            await executor.migrate()
    return [step.migration.name for step in plan]


async def outstanding_migrations() -> list[str]:
    """The migrations that the connected database still lacks. Raises `DatabaseUnavailable`."""
    shipped = {name for _, name, _ in pkgutil.iter_modules(migrations.__path__)}
    try:
        _, rows = await get_connection("default").execute_query(
            "SELECT name FROM tortoise_migrations"
        )
    except OperationalError:
        return sorted(shipped)
    return sorted(shipped - {row["name"] for row in rows})


async def _create_mysql_database(database_url: str) -> None:
    credentials = expand_db_url(database_url)["credentials"]
    name = str(credentials["database"])
    try:
        connection = await aiomysql.connect(
            host=credentials["host"],
            port=int(credentials["port"]),
            user=credentials["user"],
            password=credentials["password"] or "",
            connect_timeout=MYSQL_CONNECT_TIMEOUT_S,
        )
    except (MySQLError, OSError) as error:
        where = f"{credentials['host']}:{credentials['port']}"
        raise DatabaseUnavailable(_why_unreachable(error, where)) from error
    async with connection, connection.cursor() as cursor:
        await cursor.execute(
            "SELECT 1 FROM information_schema.schemata WHERE schema_name = %s", (name,)
        )
        if not await cursor.fetchone():
            quoted = name.replace("`", "``")
            with warnings.catch_warnings():
                # Somebody else may have created it since; the server then only warns.
                warnings.simplefilter("ignore", aiomysql.Warning)
                await cursor.execute(
                    f"CREATE DATABASE IF NOT EXISTS `{quoted}` "
                    f"CHARACTER SET utf8mb4 {EXACT_COLLATION}"
                )


@asynccontextmanager
async def _migration_lock(client: BaseDBAsyncClient) -> AsyncIterator[None]:
    if client.capabilities.dialect != "mysql":
        yield
        return
    async with client.acquire_connection() as connection, connection.cursor() as cursor:
        await cursor.execute(
            "SELECT GET_LOCK(CONCAT('kooch_upgrade.', DATABASE()), %s)", (MIGRATION_LOCK_TIMEOUT_S,)
        )
        if await cursor.fetchone() != (1,):
            raise DatabaseUnavailable("Another process is still upgrading the schema; try again.")
        try:
            yield
        finally:
            await cursor.execute("SELECT RELEASE_LOCK(CONCAT('kooch_upgrade.', DATABASE()))")
