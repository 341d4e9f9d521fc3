"""A small migration in this process: a source database of its own, both halves as tasks."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pymysql
from pymongo import MongoClient

from migrator.broker.queues import delete
from migrator.capture.session import capture
from migrator.load.apply import apply
from migrator.model.table import TableName
from migrator.settings import Settings

LANDING_TIMEOUT_S = 30.0
POLL_S = 0.05


class Source:
    """A database of a server; statements are committed one by one."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.database = f"road_{secrets.token_hex(4)}"
        self.is_mariadb = "MariaDB" in str(self.rows("SELECT VERSION()"))
        self.run(f"CREATE DATABASE {self.database}")

    def connect(self, database: str | None = None, **options: Any) -> "pymysql.Connection[Any]":
        host, _, port = self.url.removeprefix("mysql://root@").strip("/").partition(":")
        return pymysql.connect(
            host=host, port=int(port), user="root", database=database, autocommit=True, **options
        )

    def run(self, *statements: str) -> None:
        """Run statements in one session, within the database once there is one."""
        with self.connect() as connection, connection.cursor() as cursor:
            with suppress(pymysql.err.OperationalError):
                cursor.execute(f"USE {self.database}")
            for statement in statements:
                cursor.execute(statement)

    async def change(self, *statements: str) -> None:
        """Run statements while the migration goes on."""
        await asyncio.to_thread(self.run, *statements)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def position(self) -> str:
        """What the source has committed: its GTIDs, or where its binlog ends."""
        if self.is_mariadb:
            return str(self.rows("SELECT @@gtid_binlog_pos")[0][0])
        if self.rows("SELECT @@gtid_mode") == [("OFF",)]:
            file, offset, *_ = self.rows("SHOW BINARY LOG STATUS")[0]
            return f"{file}:{offset:012}"
        return str(self.rows("SELECT @@GLOBAL.gtid_executed")[0][0])

    def has(self, landed: dict[str, Any], wanted: str) -> bool:
        """Whether a landed position holds everything up to `wanted`."""
        if self.is_mariadb:
            # One server, one domain: "0-1-17".
            return int(landed["gtids"].rpartition("-")[2] or 0) >= int(wanted.rpartition("-")[2])
        if not landed["gtids"]:
            return f"{landed['file']}:{landed['offset']:012}" >= wanted
        return self.rows(f"SELECT GTID_SUBSET('{wanted}', '{landed['gtids']}')") == [(1,)]


class Road:
    """One migration. `settled` waits until all that the source had committed is there."""

    def __init__(self, source: Source, broker_url: str, target_url: str, **options: Any) -> None:
        self.source = source
        self.client: MongoClient[dict[str, Any]] = MongoClient(target_url, tz_aware=True)
        self._halves: list[asyncio.Task[None]] = []
        own: dict[str, Any] = {
            "source_url": source.url,
            "broker_url": broker_url,
            "target_url": target_url,
            "name": source.database,
            "state_database": f"_{source.database}",
            "databases": (source.database,),
        }
        self.settings = Settings(**(own | options))
        self.state = self.settings.state_database

    @asynccontextmanager
    async def going(self) -> AsyncIterator[None]:
        """Both halves work; an error of either is raised here."""
        self.client[self.state].processes.delete_many({})
        halves = [
            asyncio.create_task(capture(self.settings)),
            asyncio.create_task(apply(self.settings)),
        ]
        self._halves = halves
        try:
            yield
        finally:
            for half in halves:
                half.cancel()
            ended = await asyncio.gather(*halves, return_exceptions=True)
            for error in ended:
                if isinstance(error, Exception):
                    raise error

    async def begun(self) -> None:
        """Wait until capture has looked at everything and begins."""
        async with asyncio.timeout(LANDING_TIMEOUT_S):
            while self.client[self.state].positions.find_one({"epoch": {"$gt": 0}}) is None:
                if any(half.done() for half in self._halves):
                    return  # Its error is raised at the end.
                await asyncio.sleep(POLL_S)

    async def settled(self, *, is_empty: bool = False) -> None:
        """Wait until every table is copied and the source's present position has landed.

        A source that `is_empty` has no tables to wait for.
        """
        wanted = await asyncio.to_thread(self.source.position)
        async with asyncio.timeout(LANDING_TIMEOUT_S):
            while not await asyncio.to_thread(self._is_settled, wanted, is_empty):
                if any(half.done() for half in self._halves):
                    return  # Its error is raised at the end.
                await asyncio.sleep(POLL_S)

    async def copy(self, *, is_empty: bool = False) -> None:
        """Copy and follow up to now, then stop."""
        async with self.going():
            await self.settled(is_empty=is_empty)

    def _is_settled(self, wanted: str, is_empty: bool) -> bool:
        state = self.client[self.state]
        positions = list(state.positions.find())
        parts = [part for table in state.tables.find() for part in table["parts"]]
        return (
            len(positions) == self.settings.partitions
            # What it reports comes after it has looked at all tables.
            and state.processes.find_one({"_id": "capture"}) is not None
            and state.suspects.find_one() is None
            and (is_empty or bool(parts))
            and all(part["done"] for part in parts)
            and all(self.source.has(one["position"], wanted) for one in positions)
        )

    def documents(self, collection: str, database: str | None = None) -> list[dict[str, Any]]:
        """All documents of a collection, by their key."""
        return list(self.client[database or self.source.database][collection].find().sort("_id"))

    def dead_letters(self) -> list[dict[str, Any]]:
        return list(self.client[self.state].dead_letters.find())

    def transactions(self) -> int:
        return sum(one["transactions"] for one in self.client[self.state].positions.find())

    async def remove(self) -> None:
        """Forget all of it, on all three servers."""
        collections = self.settings.collections
        databases = {self.source.database, *self.settings.databases}
        targets = {collections.collection_of(TableName(name, "")).database for name in databases}
        for name in {self.state, *targets, *self.settings.mapping.values()}:
            self.client.drop_database(name)
        self.client.close()
        self.source.run(*(f"DROP DATABASE IF EXISTS `{name}`" for name in sorted(databases)))
        await delete(self.settings.broker_url.get_secret_value(), self.settings.name)
