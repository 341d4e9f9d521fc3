"""Bringing the schema of a database up to date."""

import pkgutil
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiomysql
from pymysql.err import MySQLError
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.connection import get_connection
from tortoise.exceptions import OperationalError
from tortoise.migrations.executor import MigrationExecutor, PlanStep

from service.database.connect import connected, tortoise_config
from service.database.faults import connection_failure
from service.database.mysql import CONNECT_TIMEOUT_S
from service.errors import ConfigurationError, DatabaseUnavailable
from service.models import migrations
from service.models.migration_steps.collation import EXACT_COLLATION

MIGRATION_LOCK_TIMEOUT_S = 60


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
            connect_timeout=CONNECT_TIMEOUT_S,
        )
    except (MySQLError, OSError) as error:
        raise connection_failure(error, f"{credentials['host']}:{credentials['port']}") from error
    async with connection, connection.cursor() as cursor:
        await cursor.execute(
            "SELECT 1 FROM information_schema.schemata WHERE schema_name = %s", (name,)
        )
        if not await cursor.fetchone():
            quoted = name.replace("`", "``")
            with warnings.catch_warnings():
                # Another process may have created it meanwhile; the server then only warns.
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
