"""Random transactions over a schema, as one session after another runs them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pymysql

from tests.migrator.cascades.schemas import Schema, Table
from tests.migrator.cascades.statements import Rows, insert, random_statement
from tests.migrator.machine.columns import quoted
from tests.migrator.machine.writer import SESSION

IMAGES = ("FULL", "FULL", "FULL", "MINIMAL", "NOBLOB")
STATEMENTS_MAX = 5
LOCK_WAIT_S = 5


@dataclass(slots=True)
class Writer:
    """`log` holds what the servers took, session by session, so that it can run again."""

    connect: Callable[[], "pymysql.Connection[Any]"]
    random: Random
    schema: Schema
    name: str
    """What its distributed transactions are called."""
    log: list[str] = field(default_factory=list)
    refused: int = 0
    transactions: int = 0

    def begin(self) -> None:
        """Make the tables, and the constraints that the server takes."""
        with self.connect() as client, client.cursor() as cursor:
            self.log.append(SESSION)
            for table in self.schema.tables:
                self._run(cursor, table.create)
            taken = [one for one in self.schema.constraints if self._run(cursor, one.add)]
        self.schema = Schema(self.schema.tables, taken)

    def fill(self, rows: int) -> None:
        """About so many rows in each table."""
        for table in self.schema.tables:
            with self.connect() as client, client.cursor() as cursor:
                self.log.append(SESSION)
                self._run(cursor, "BEGIN")
                for _ in range(rows):
                    made = insert(self.random, self.schema, table, self._rows(cursor))
                    self._run(cursor, made)
                self._run(cursor, "COMMIT")

    def step(self) -> None:
        """One transaction in a session of its own."""
        random = self.random
        with self.connect() as client, client.cursor() as cursor:
            self.log.append(SESSION)
            self._run(cursor, f"SET SESSION innodb_lock_wait_timeout = {LOCK_WAIT_S}")
            self.transactions += 1
            if random.random() < 0.1:
                # The migrator takes these with whole row images only.
                self._distributed(cursor)
                return
            self._run(cursor, f"SET SESSION binlog_row_image = {random.choice(IMAGES)}")
            if random.random() < 0.2:
                self._some(cursor, 1)  # It is a transaction by itself.
            else:
                self._transaction(cursor)

    def _transaction(self, cursor: Any) -> None:
        random = self.random
        self._run(cursor, "BEGIN")
        self._some(cursor, random.randint(1, STATEMENTS_MAX))
        if random.random() < 0.2:
            self._run(cursor, "SAVEPOINT s")
            self._some(cursor, random.randint(1, 2))
            self._run(cursor, "ROLLBACK TO s")
            self._some(cursor, 1)
        self._run(cursor, random.choice(("COMMIT",) * 6 + ("ROLLBACK",)))

    def _distributed(self, cursor: Any) -> None:
        xid = f"'{self.name}-{self.transactions}'"
        self._run(cursor, f"XA START {xid}")
        self._some(cursor, self.random.randint(1, STATEMENTS_MAX))
        self._run(cursor, f"XA END {xid}")
        self._run(cursor, f"XA PREPARE {xid}")
        self._run(cursor, f"XA {self.random.choice(('COMMIT', 'COMMIT', 'ROLLBACK'))} {xid}")

    def _some(self, cursor: Any, count: int) -> None:
        for _ in range(count):
            table = self.random.choice(self.schema.tables)
            statement = random_statement(self.random, self.schema, table, self._rows(cursor))
            unchecked = self.random.random() < 0.08
            if unchecked:
                self._run(cursor, "SET foreign_key_checks = 0")
            self._run(cursor, statement)
            if unchecked:
                self._run(cursor, "SET foreign_key_checks = 1")

    def _rows(self, cursor: Any) -> Rows:
        """Reads the rows of a table as this session sees them, in an order of their own."""

        def read(table: Table) -> Sequence[dict[str, Any]]:
            names = [column.name for column in table.stored]
            cursor.execute(f"SELECT {', '.join(map(quoted, names))} FROM {quoted(table.name)}")
            found: Iterable[Any] = cursor.fetchall()
            return sorted((dict(zip(names, row, strict=True)) for row in found), key=repr)

        return read

    def _run(self, cursor: Any, statement: str) -> bool:
        try:
            cursor.execute(statement)
        except pymysql.err.MySQLError:
            self.refused += 1
            return False
        self.log.append(statement)
        return True
