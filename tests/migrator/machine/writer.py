"""A session that runs random statements against one database, and remembers what it ran."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pymysql

from tests.migrator.machine.columns import quoted, value
from tests.migrator.machine.definitions import Shape, random_definition

IMAGES = ("FULL", "FULL", "MINIMAL", "NOBLOB")
MODES = ("", "", "ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "STRICT_TRANS_TABLES")
SESSION = "-- a session"
CHARSETS = ("utf8mb4", "utf8mb4", "utf8mb3", "gbk", "latin1")

COLUMNS = """
    SELECT c.TABLE_NAME, c.COLUMN_NAME, c.COLUMN_TYPE FROM information_schema.COLUMNS c
    JOIN information_schema.TABLES t USING (TABLE_SCHEMA, TABLE_NAME)
    WHERE c.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE' ORDER BY 1, ORDINAL_POSITION
"""
INDEXES = """
    SELECT DISTINCT TABLE_NAME, INDEX_NAME FROM information_schema.STATISTICS
    WHERE TABLE_SCHEMA = DATABASE() ORDER BY 1, 2
"""


@dataclass(slots=True)
class Writer:
    """`log` holds what the server took, with the session's settings, so that it can run again.

    Its comments say where a session begins and what happens to the migration in between.
    """

    connect: Callable[[], "pymysql.Connection[Any]"]
    random: Random
    other: str
    """A database that is not migrated."""
    mariadb: bool
    log: list[str] = field(default_factory=list)
    refused: int = 0
    definitions: int = 0

    def step(self) -> None:
        """One session: a definition or some changes, under settings of its own."""
        with self.connect() as client, client.cursor() as cursor:
            self.log.append(SESSION)
            random = self.random
            charset = random.choice(CHARSETS)
            image, mode = random.choice(IMAGES), random.choice(MODES)
            self._run(cursor, f"SET SESSION binlog_row_image = {image}, sql_mode = '{mode}'")
            self._run(cursor, "SET SESSION lock_wait_timeout = 5")
            tables = shapes(cursor)
            if random.random() < 0.4 or not tables:
                self._define(cursor, charset, tables)
            else:
                self._change(cursor, random.choice(tables))
            if random.random() < 0.1:
                self._elsewhere(cursor, tables)

    def _define(self, cursor: Any, charset: str, tables: list[Shape]) -> None:
        if not tables:
            self._run(cursor, "CREATE TABLE a (a INT PRIMARY KEY)")
            return
        statement = random_definition(self.random, tables, mariadb=self.mariadb)
        if statement.isascii():
            self._run(cursor, f"SET NAMES {charset}")
        if self.random.random() < 0.2:
            self._run(cursor, "SET SESSION binlog_format = 'STATEMENT'")
        self.definitions += self._run(cursor, statement)
        self._run(cursor, "SET NAMES utf8mb4")

    def _change(self, cursor: Any, shape: Shape) -> None:
        random = self.random
        self._run(cursor, "BEGIN")
        for _ in range(random.randint(1, 4)):
            self._run(cursor, self._dml(shape))
            if random.random() < 0.1:
                self._run(cursor, "SAVEPOINT s")
                self._run(cursor, self._dml(shape))
                self._run(cursor, "ROLLBACK TO s")
        self._run(cursor, random.choice(("COMMIT", "COMMIT", "COMMIT", "ROLLBACK")))

    def _dml(self, shape: Shape) -> str:
        random, table = self.random, quoted(shape.name)
        name, kind = random.choice(shape.columns)
        match random.randrange(6):
            case 0 | 1 | 2:
                rows = ", ".join(
                    f"({', '.join(value(random, one) for _, one in shape.columns)})"
                    for _ in range(random.randint(1, 5))
                )
                columns = ", ".join(quoted(one) for one, _ in shape.columns)
                verb = random.choice(("INSERT IGNORE", "REPLACE"))
                return f"{verb} INTO {table} ({columns}) VALUES {rows}"
            case 3 | 4:
                return f"UPDATE IGNORE {table} SET {quoted(name)} = {value(random, kind)} LIMIT 3"
            case _:
                return f"DELETE FROM {table} LIMIT {random.randint(1, 2)}"

    def _elsewhere(self, cursor: Any, tables: list[Shape]) -> None:
        """What others write as statements, which may read our tables."""
        source = quoted(self.random.choice(tables).name) if tables else "`none`"
        self._run(cursor, "SET SESSION binlog_format = 'STATEMENT'")
        self._run(cursor, f"REPLACE INTO {self.other}.o SELECT 1, COUNT(*) FROM {source}")

    def _run(self, cursor: Any, statement: str) -> bool:
        try:
            cursor.execute(statement)
        except (pymysql.err.MySQLError, UnicodeError):
            self.refused += 1
            return False
        self.log.append(statement)
        return True


def shapes(cursor: Any) -> list[Shape]:
    """The tables as they are now."""
    cursor.execute(COLUMNS)
    columns: dict[str, list[tuple[str, str]]] = {}
    for table, column, kind in cursor.fetchall():
        text = kind if isinstance(kind, str) else kind.decode()
        columns.setdefault(table, []).append((column, text.upper()))
    cursor.execute(INDEXES)
    indexes: dict[str, list[str]] = {}
    for table, index in cursor.fetchall():
        indexes.setdefault(table, []).append(index)
    return [
        Shape(table, tuple(some), tuple(indexes.get(table, ()))) for table, some in columns.items()
    ]
