"""The source as a client sees it: statements, rows, and where the binlog stands."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pymysql

CONNECT_TIMEOUT_S = 10
ANSWER_TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stretch of the binlog begins: a file, and the GTIDs before it."""

    file: str
    gtids: str


@dataclass(frozen=True, slots=True)
class Source:
    """A server, at a URL without a database."""

    url: str

    def connect(self, database: str | None = None) -> "pymysql.Connection[Any]":
        """A connection of one's own; each statement is a transaction."""
        address = urlsplit(self.url)
        return pymysql.connect(
            host=address.hostname or "127.0.0.1",
            port=address.port or 3306,
            user=address.username or "root",
            password=address.password or "",
            database=database,
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=ANSWER_TIMEOUT_S,
        )

    def run(self, *statements: str, database: str | None = None) -> None:
        """Run the statements in one session."""
        with self.cursor(database) as cursor:
            for statement in statements:
                cursor.execute(statement)

    def rows(self, statement: str, database: str | None = None) -> list[tuple[Any, ...]]:
        """The rows of one statement."""
        with self.cursor(database) as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    def count(self, database: str, table: str) -> int:
        """How many rows a table has."""
        return int(self.rows(f"SELECT COUNT(*) FROM {table}", database)[0][0])

    def tables(self, database: str) -> list[str]:
        """The names of a database's tables."""
        return [str(name) for (name,) in self.rows(f"SHOW TABLES FROM {database}")]

    def new_file(self) -> Place:
        """Begin another binlog file: what is written from now on stands in it."""
        self.run("FLUSH BINARY LOGS")
        ((file, *_, gtids),) = self.rows("SHOW BINARY LOG STATUS")
        return Place(str(file), str(gtids).replace("\n", ""))

    @contextmanager
    def cursor(self, database: str | None = None) -> Iterator["pymysql.cursors.Cursor"]:
        """A cursor over a connection of its own."""
        with self.connect(database) as connection, connection.cursor() as cursor:
            yield cursor
