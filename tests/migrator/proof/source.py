"""The source, as a client sees it: connections, and what its log holds by now."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pymysql
from pymysql.connections import Connection

TIMEOUT_S = 20
LOCK_WAIT_S = 3
XA_FORMAT = 1

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

    Client = Connection[Cursor]
else:
    Client = Connection


@dataclass(frozen=True, slots=True)
class Source:
    """One database on a MySQL or MariaDB server at `url`, which names no database."""

    url: str
    database: str

    def connect(self, *, autocommit: bool = True, database: bool = True) -> Client:
        """A connection in UTC that gives up on locks early; the caller closes it."""
        parts = urlsplit(self.url)
        return pymysql.connect(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or 3306,
            user=parts.username or "root",
            password=parts.password or "",
            database=self.database if database else None,
            charset="utf8mb4",
            autocommit=autocommit,
            connect_timeout=TIMEOUT_S,
            read_timeout=TIMEOUT_S,
            write_timeout=TIMEOUT_S,
            init_command=(
                f"SET time_zone = '+00:00', innodb_lock_wait_timeout = {LOCK_WAIT_S}, "
                f"lock_wait_timeout = {LOCK_WAIT_S}"
            ),
        )

    @contextmanager
    def client(self, *, database: bool = True) -> Iterator[Client]:
        """A connection that commits each statement."""
        connection = self.connect(database=database)
        try:
            yield connection
        finally:
            connection.close()

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a statement answers."""
        with self.client(database=False) as client, client.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def value(self, statement: str, *values: Any) -> Any:
        """The first column of the first row that a statement answers."""
        return self.rows(statement, *values)[0][0]

    def execute(self, *statements: str) -> None:
        """Run statements, each in a transaction of its own."""
        with self.client() as client, client.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    @property
    def is_mariadb(self) -> bool:
        """Whether it is MariaDB."""
        return _is_mariadb(self.url)

    def create(self) -> None:
        """Make the database, empty."""
        self.rows(f"DROP DATABASE IF EXISTS `{self.database}`")
        self.rows(f"CREATE DATABASE `{self.database}` CHARACTER SET utf8mb4")

    def drop(self) -> None:
        """Remove the database."""
        self.rows(f"DROP DATABASE IF EXISTS `{self.database}`")

    @property
    def has_gtids(self) -> bool:
        """Whether transactions are numbered; otherwise a position is a file and an offset."""
        return self.is_mariadb or self.value("SELECT @@global.gtid_mode") == "ON"

    def executed(self) -> str:
        """What is in the log by now.

        A set of GTIDs on MySQL, the last of each domain on MariaDB, and "file:offset"
        without GTIDs.
        """
        if not self.has_gtids:
            file, offset, *_ = self.rows("SHOW BINARY LOG STATUS")[0]
            return f"{file}:{offset}"
        variable = "gtid_binlog_pos" if self.is_mariadb else "gtid_executed"
        return str(self.value(f"SELECT @@global.{variable}")).replace("\n", "")

    def covers(self, position: Mapping[str, Any], executed: str) -> bool:
        """Whether all of `executed` is in a stored position."""
        if not self.has_gtids:
            file, _, offset = executed.rpartition(":")
            return (position["file"], position["offset"]) >= (file, int(offset))
        if not self.is_mariadb:
            return bool(self.value("SELECT GTID_SUBSET(%s, %s)", executed, position["gtids"]))
        reached = _domains(position["gtids"])
        return all(reached.get(domain, 0) >= last for domain, last in _domains(executed).items())

    def transactions_since(self, before: str, until: str | None = None) -> int:
        """How many GTIDs there are in `until`, or have been given out, and are not in `before`."""
        until = self.executed() if until is None else until
        if self.is_mariadb:
            last, first = _domains(until), _domains(before)
            return sum(number - first.get(domain, 0) for domain, number in last.items())
        return gtid_count(str(self.value("SELECT GTID_SUBTRACT(%s, %s)", until, before)))

    @contextmanager
    def globally(self, **variables: str | int) -> Iterator[None]:
        """Other values of global variables for a while, for sessions that begin then."""
        before = {name: self.value(f"SELECT @@global.{name}") for name in variables}
        try:
            for name, value in variables.items():
                self.rows(f"SET GLOBAL {name} = %s", value)
            yield
        finally:
            for name, value in before.items():
                self.rows(f"SET GLOBAL {name} = %s", value)

    def settle_distributed(self) -> int:
        """Commit the transactions that a crash left prepared; how many those were."""
        left = self.rows("XA RECOVER")
        for _, length, _, data in left:
            identity = data if isinstance(data, str) else data.decode()
            name, branch = identity[:length], identity[length:]
            self.rows(f"XA COMMIT '{name}','{branch}',{XA_FORMAT}")
        return len(left)


def gtid_count(gtids: str) -> int:
    """How many transactions a GTID set of MySQL names.

    "uuid:1-5:8,uuid:tag:1-2" are eight: a part that begins with a letter is a tag.
    """
    total = 0
    for server in filter(None, gtids.replace("\n", "").split(",")):
        for interval in server.strip().split(":")[1:]:
            if interval[0].isdigit():
                first, _, last = interval.partition("-")
                total += int(last or first) - int(first) + 1
    return total


@cache
def _is_mariadb(url: str) -> bool:
    return "MariaDB" in Source(url, "").value("SELECT version()")


def _domains(gtids: str) -> dict[int, int]:
    """The last sequence number of each domain: "0-1-100" is {0: 100}."""
    parts = (gtid.strip().split("-") for gtid in filter(None, gtids.split(",")))
    return {int(domain): int(sequence) for domain, _, sequence in parts}
