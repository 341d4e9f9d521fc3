"""Reads the tables of the source from its information_schema."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from migrator.errors import SourceError, SourceUnavailable
from migrator.model.scope import SYSTEM_DATABASES, Scope
from migrator.model.table import TableName
from migrator.mysql.catalog.column_types import declared_column
from migrator.mysql.columns.column import BINARY_COLLATION, Column
from migrator.mysql.types.strings import BLOB
from migrator.mysql.wire.connection import ServerInfo

COLUMNS = """
    SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE,
           CHARACTER_OCTET_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION,
           EXTRA, COLLATION_NAME
    FROM information_schema.COLUMNS
    WHERE {which}
    ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION
"""
TABLES = """
    SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_ROWS, AVG_ROW_LENGTH
    FROM information_schema.TABLES
    WHERE {which}
      AND TABLE_TYPE NOT IN ('VIEW', 'SYSTEM VIEW', 'TEMPORARY', 'TEMPORARY SEQUENCE')
    ORDER BY TABLE_SCHEMA, TABLE_NAME
"""
UNIQUE_KEYS = """
    SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, COLUMN_NAME, SUB_PART
    FROM information_schema.STATISTICS
    WHERE {which} AND NON_UNIQUE = 0
    ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX
"""
COLLATIONS = "SELECT COLLATION_NAME, ID FROM information_schema.COLLATIONS"
# COLLATIONS of MariaDB has one row, without an id, for a collation of several character sets.
MARIADB_COLLATIONS = """
    SELECT FULL_COLLATION_NAME, ID FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY
"""
PRIMARY = "PRIMARY"
BASE_TABLE = "BASE TABLE"
INDEX_NAME = 2  # The column of SHOW INDEX.

NO_SUCH_DATABASE = 1049
NO_SUCH_TABLE = 1146
NO_SUCH_VIEW = 1356
GONE = frozenset({NO_SUCH_TABLE, NO_SUCH_DATABASE, NO_SUCH_VIEW})
# The definition changed after the transaction or the statement began (1412, 1615); a wait for
# the lock of an ALTER timed out (1205); a deadlock (1213).
MOVING = GONE | {1412, 1615, 1205, 1213}
"""Errors for a table that is being altered: the same query may succeed a moment later."""


def quoted(name: str) -> str:
    """An identifier in backticks."""
    return "`" + name.replace("`", "``") + "`"


def quoted_table(table: TableName) -> str:
    """A table's name as a statement writes it."""
    return f"{quoted(table.database)}.{quoted(table.name)}"


class Queries(Protocol):
    """A connection: it runs statements, and knows its server."""

    server: ServerInfo

    async def query(self, sql: str, *args: Any) -> list[tuple[Any, ...]]:
        """The rows of one statement. Raises `SourceError`."""
        ...


@dataclass(frozen=True, slots=True)
class Table:
    """One table; `key` holds the indexes into `columns` of the key that is called `key_name`.

    Without a key they are "" and (). `estimated_rows` and `row_bytes`, the average size of a
    row, are the server's estimates. `kind` is TABLE_TYPE of the catalogue.
    """

    name: TableName
    columns: tuple[Column, ...]
    key_name: str
    key: tuple[int, ...]
    engine: str
    estimated_rows: int
    row_bytes: int
    kind: str = BASE_TABLE

    @property
    def key_columns(self) -> tuple[Column, ...]:
        """The columns of the key, in its order."""
        return tuple(self.columns[index] for index in self.key)

    @property
    def definition(self) -> tuple[object, ...]:
        """The parts that two reads of an unchanged table have in common."""
        return self.kind, self.columns, self.key_name, self.key


async def read_tables(connection: Queries, scope: Scope) -> tuple[Table, ...]:
    """The selected tables, in the order of their names, without views. Raises `SourceError`.

    A table may be altered between two queries of the catalogue: a table that two reads of
    all tables describe differently is read once more, on its own.
    """
    first, second = [await _read_all(connection, scope) for _ in range(2)]
    found: list[Table] = []
    for name in sorted(first.keys() | second.keys(), key=str):
        one, other = first.get(name), second.get(name)
        if one is None or other is None or one.definition != other.definition:
            try:
                other = await read_table(connection, name)
            except SourceError as error:
                # Keep the second description: the copy will report the error.
                if error.retryable:
                    raise
        if other is not None:
            found.append(other)
    return tuple(found)


async def _read_all(connection: Queries, scope: Scope) -> dict[TableName, Table]:
    """Read all selected tables once."""
    names = await _databases(connection, scope)
    if not names:
        return {}
    which = f"TABLE_SCHEMA IN ({', '.join(['%s'] * len(names))})"
    return {table.name: table for table in await _read(connection, scope, which, *names)}


async def read_table(connection: Queries, name: TableName) -> Table | None:
    """Read one table, None if it does not exist now. Raises `SourceError`.

    While an ALTER commits, information_schema may show neither the old nor the new
    definition. So it reads in a transaction that uses the table, which blocks an ALTER.
    """
    await connection.query("START TRANSACTION")
    try:
        await connection.query(f"SELECT 1 FROM {quoted_table(name)} LIMIT 0")  # noqa: S608
        which = "TABLE_SCHEMA = %s AND TABLE_NAME = %s"
        scope = Scope((name.database,), folds=True)
        tables = await _read(connection, scope, which, name.database, name.name)
    except SourceError as error:
        if error.number in GONE:
            return None
        if error.number in MOVING:
            raise SourceUnavailable(f"{name} is being altered: {error}") from error
        raise
    finally:
        with suppress(SourceUnavailable):  # The cause is raised already.
            await connection.query("COMMIT")
    exact = next((table for table in tables if table.name == name), None)
    # The SELECT found the table; a server that folds names may spell it differently.
    return exact or next(iter(tables), None)


async def _read(connection: Queries, scope: Scope, which: str, *names: str) -> tuple[Table, ...]:
    tables, columns, keys = [
        await connection.query(sql.format(which=which), *names)
        for sql in (TABLES, COLUMNS, UNIQUE_KEYS)
    ]
    columns_of: dict[TableName, list[Column]] = defaultdict(list)
    collations = await _collations(connection)
    for database, table, *rest, collation in columns:
        number = collations.get(collation, BINARY_COLLATION)
        columns_of[TableName(database, table)].append(declared_column(number, *rest))
    keys_of: dict[TableName, Indexes] = defaultdict(dict)
    for database, table, index, column, prefix in keys:
        keys_of[TableName(database, table)].setdefault(index, []).append((column, prefix))
    found = []
    for database, table, kind, engine, rows, row_bytes in tables:
        name = TableName(database, table)
        if scope.wants(name):
            own = tuple(columns_of[name])
            key_name, key = await _key(connection, name, own, keys_of[name])
            sizes = (int(rows or 0), int(row_bytes or 0))
            found.append(Table(name, own, key_name, key, engine or "", *sizes, kind))
    return tuple(found)


Indexes = dict[str, list[tuple[str, int | None]]]
"""The columns of each unique index, and the length of its prefix, None for a whole column."""


async def _collations(connection: Queries) -> dict[str, int]:
    is_mariadb = connection.server.is_mariadb
    rows = await connection.query(MARIADB_COLLATIONS if is_mariadb else COLLATIONS)
    return {name: int(number) for name, number in rows if number is not None}


async def _databases(connection: Queries, scope: Scope) -> tuple[str, ...]:
    rows = await connection.query("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA")
    chosen = {scope.fold(name) for name in scope.databases}
    return tuple(
        name
        for (name,) in rows
        if name.lower() not in SYSTEM_DATABASES and (scope.include or scope.fold(name) in chosen)
    )


async def _key(
    connection: Queries, table: TableName, columns: Sequence[Column], indexes: Indexes
) -> tuple[str, tuple[int, ...]]:
    """The primary key, else the unique key that the server uses as one, else "" and ().

    That is the first, in the server's own order, whose columns are whole and NOT NULL. The
    log names the same key, or no key. Source: MySQL and MariaDB, sql/table.cc, `primary_key`.
    """
    index_of = {column.name: index for index, column in enumerate(columns)}
    if PRIMARY in indexes:
        names = [column for column, _ in indexes[PRIMARY]]
        # During an ALTER the index may have a column that the table lacks; the table is then
        # read again.
        return PRIMARY, tuple(index_of.get(name, len(columns)) for name in names)
    usable: dict[str, tuple[int, ...]] = {}
    for name, parts in indexes.items():
        if _is_identifying(parts, {name: columns[index] for name, index in index_of.items()}):
            usable[name] = tuple(index_of[column] for column, _ in parts)
    if len(usable) > 1:
        usable = {name: usable[name] for name in await _in_order(connection, table, usable)}
    return next(iter(usable.items()), ("", ()))


def _is_identifying(parts: Iterable[tuple[str, int | None]], columns: dict[str, Column]) -> bool:
    """Whether an index identifies a row: all its parts are whole columns that are NOT NULL.

    A whole TEXT or BLOB does not count: MariaDB indexes a hash of it. Nor does an expression.
    """
    return all(
        prefix is None
        and name in columns
        and not columns[name].nullable
        and columns[name].kind is not BLOB
        for name, prefix in parts
    )


async def _in_order(connection: Queries, table: TableName, usable: Iterable[str]) -> list[str]:
    """The names of the usable indexes, in the order in which the server considers them."""
    try:
        rows = await connection.query(f"SHOW INDEX FROM {quoted_table(table)}")
    except SourceError as error:
        if error.number not in GONE:
            raise
        return []  # The table was dropped meanwhile, so its key does not matter.
    named = dict.fromkeys(row[INDEX_NAME] for row in rows)
    return [name for name in named if name in usable]
