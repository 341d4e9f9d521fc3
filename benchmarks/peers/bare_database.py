"""The two drivers behind the bare handlers, with as little around them as there can be."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiomysql
from pymysql.err import IntegrityError

POOL_SIZE_MAX = 10


class Duplicate(Exception):
    """A unique key is taken."""


class Database(Protocol):
    """Statements with `%s` for values; every insert is a transaction of its own."""

    async def all(self, sql: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """The rows of a query."""

    async def insert(self, sql: str, values: Sequence[Any]) -> int:
        """Insert a row and return its id. Raises `Duplicate`."""


class MySQL:
    """Through aiomysql's pool."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def all(self, sql: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """The rows of a query."""
        async with self._pool.acquire() as connection, connection.cursor() as cursor:
            await cursor.execute(sql, values)
            rows: Sequence[Sequence[Any]] = await cursor.fetchall()
            return rows

    async def insert(self, sql: str, values: Sequence[Any]) -> int:
        """Insert a row and return its id. Raises `Duplicate`."""
        async with self._pool.acquire() as connection, connection.cursor() as cursor:
            try:
                await cursor.execute(sql, values)
            except IntegrityError as error:
                raise Duplicate from error
            return int(cursor.lastrowid)


class SQLite:
    """On the event loop's own thread: the statements are shorter than a hop to another."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def all(self, sql: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """The rows of a query."""
        return self._connection.execute(sql.replace("%s", "?"), values).fetchall()

    async def insert(self, sql: str, values: Sequence[Any]) -> int:
        """Insert a row and return its id. Raises `Duplicate`."""
        texts = [value if isinstance(value, str | int) else str(value) for value in values]
        try:
            return int(self._connection.execute(sql.replace("%s", "?"), texts).lastrowid or 0)
        except sqlite3.IntegrityError as error:
            raise Duplicate from error


@asynccontextmanager
async def connect(database_url: str) -> AsyncIterator[Database]:
    """Open `sqlite://PATH` or `mysql://USER:PASSWORD@HOST:PORT/NAME` while the block runs."""
    if database_url.startswith("sqlite://"):
        path = database_url.removeprefix("sqlite://")
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            yield SQLite(connection)
        finally:
            connection.close()
        return
    url = urlsplit(database_url)
    pool = await aiomysql.create_pool(
        host=url.hostname,
        port=url.port or 3306,
        user=url.username,
        password=url.password or "",
        db=url.path.strip("/"),
        maxsize=POOL_SIZE_MAX,
        autocommit=True,
        charset="utf8mb4",
    )
    try:
        yield MySQL(pool)
    finally:
        pool.close()
        await pool.wait_closed()
