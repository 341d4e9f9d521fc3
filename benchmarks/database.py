"""The database of a run: made anew for each party by the service's own migrations, and filled."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import pymysql

from benchmarks.data import tables
from service.database.upgrade import upgrade


class Database(Protocol):
    """One kind of database."""

    @property
    def name(self) -> str:
        """As in the report and after `--databases`."""

    @property
    def url(self) -> str:
        """As `DATABASE_URL` has it."""

    def reset(self) -> None:
        """Make it anew, with the rows of `data.tables`."""

    def drop(self) -> None:
        """Leave nothing behind."""

    def count_products(self) -> int:
        """How many rows the table of products has."""

    def version(self) -> str:
        """The engine's version, and what decides the cost of a commit."""


@dataclass(frozen=True, slots=True)
class SQLite:
    """A file; the service's migrations leave it in WAL mode."""

    path: Path
    name: str = "sqlite"

    @property
    def url(self) -> str:
        """As `DATABASE_URL` has it."""
        return f"sqlite://{self.path}"

    def reset(self) -> None:
        """Make the file anew."""
        self.drop()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        asyncio.run(upgrade(self.url))
        with closing(sqlite3.connect(self.path)) as connection, connection:
            for table in tables():
                # Tortoise keeps times as text, with their zone.
                rows = ([v if isinstance(v, int | str) else str(v) for v in r] for r in table.rows)
                connection.executemany(table.insert("?"), rows)

    def drop(self) -> None:
        """Remove the file and its journal."""
        for file in self.path.parent.glob(f"{self.path.name}*"):
            file.unlink()

    def count_products(self) -> int:
        """How many rows the table of products has."""
        with closing(sqlite3.connect(self.path)) as connection:
            return int(connection.execute("SELECT COUNT(*) FROM products").fetchone()[0])

    def version(self) -> str:
        """The version that Python is linked with; other parties may bring their own."""
        return f"SQLite {sqlite3.sqlite_version}, journal_mode=WAL, synchronous=FULL"


@dataclass(frozen=True, slots=True)
class MySQL:
    """A database of our own name on a running server; dropping it can hit nobody else's."""

    server_url: str
    """Without a database: mysql://USER:PASSWORD@HOST:PORT/"""
    name: str = "mysql"
    schema: str = "kooch_benchmark"

    @property
    def url(self) -> str:
        """As `DATABASE_URL` has it."""
        return f"{self.server_url.rstrip('/')}/{self.schema}"

    def reset(self) -> None:
        """Drop and make the database."""
        self.drop()
        asyncio.run(upgrade(self.url))
        with self._cursor() as cursor:
            for table in tables():
                cursor.executemany(table.insert("%s"), list(table.rows))

    def drop(self) -> None:
        """Drop the database."""
        with self._cursor(connected=False) as cursor:
            # A quiet IF EXISTS would still warn.
            cursor.execute("SHOW DATABASES LIKE %s", (self.schema,))
            if cursor.fetchone():
                cursor.execute(f"DROP DATABASE {self.schema}")

    def count_products(self) -> int:
        """How many rows the table of products has."""
        with self._cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM products")
            row = cursor.fetchone()
        assert row is not None
        return int(row[0])

    def version(self) -> str:
        """The server's version and how it flushes commits."""
        with self._cursor(connected=False) as cursor:
            cursor.execute(
                "SELECT VERSION(), @@innodb_flush_log_at_trx_commit, @@log_bin, @@sync_binlog"
            )
            row = cursor.fetchone()
        assert row is not None
        version, flush, binlog, sync = row
        return (
            f"MySQL {version}, innodb_flush_log_at_trx_commit={flush}, log_bin={binlog}, "
            f"sync_binlog={sync}"
        )

    @contextmanager
    def _cursor(self, *, connected: bool = True) -> Iterator["pymysql.cursors.Cursor"]:
        url = urlsplit(self.server_url)
        connection = pymysql.connect(
            host=url.hostname or "127.0.0.1",
            port=url.port or 3306,
            user=url.username or "root",
            password=url.password or "",
            database=self.schema if connected else None,
            charset="utf8mb4",
            autocommit=True,
        )
        with connection, connection.cursor() as cursor:
            yield cursor
