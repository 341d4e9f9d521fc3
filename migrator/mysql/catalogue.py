"""The tables of the source, as its information_schema describes them now."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Protocol

from migrator.errors import SourceError, SourceUnavailable
from migrator.mysql.columns import BINARY_COLLATION, Column, TableName
from migrator.mysql.declared import declared_column

SYSTEM_DATABASES = frozenset({"information_schema", "mysql", "performance_schema", "sys"})

COLUMNS = """
    SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE,
           CHARACTER_OCTET_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION,
           COLLATION_NAME
    FROM information_schema.COLUMNS
    WHERE {which}
    ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION
"""
TABLES = """
    SELECT TABLE_SCHEMA, TABLE_NAME, ENGINE, TABLE_ROWS, AVG_ROW_LENGTH
    FROM information_schema.TABLES
    WHERE {which} AND TABLE_TYPE = 'BASE TABLE'
    ORDER BY TABLE_SCHEMA, TABLE_NAME
"""
UNIQUE_KEYS = """
    SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, COLUMN_NAME, SUB_PART
    FROM information_schema.STATISTICS
    WHERE {which} AND NON_UNIQUE = 0
    ORDER BY TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX
"""
COLLATIONS = "SELECT COLLATION_NAME, ID FROM information_schema.COLLATIONS"
# MariaDB lists a collation that serves several character sets there once, without an id.
MARIADB_COLLATIONS = """
    SELECT FULL_COLLATION_NAME, ID FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY
"""
PRIMARY = "PRIMARY"

NO_SUCH_DATABASE = 1049
NO_SUCH_TABLE = 1146
NO_SUCH_VIEW = 1356


def quoted(name: str) -> str:
    """An identifier in backticks."""
    return "`" + name.replace("`", "``") + "`"


class Queries(Protocol):
    """A connection that answers statements with rows."""

    async def query(self, sql: str, *args: Any) -> list[tuple[Any, ...]]:
        """The rows of one statement. Raises `SourceError`."""
        ...


@dataclass(frozen=True, slots=True)
class Table:
    """One table: `key` holds the indexes into `columns` of its key, "" and () without one.

    `estimated_rows` and `row_bytes`, the average length of a row, are the server's guesses.
    """

    name: TableName
    columns: tuple[Column, ...]
    key_name: str
    key: tuple[int, ...]
    engine: str
    estimated_rows: int
    row_bytes: int

    @property
    def key_columns(self) -> tuple[Column, ...]:
        """The columns of the key, in its order."""
        return tuple(self.columns[index] for index in self.key)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which tables are migrated: all of `databases`, and those of `include`; never `exclude`.

    Patterns are `database.table` with `*` and `?`.
    """

    databases: tuple[str, ...]
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def wants(self, table: TableName) -> bool:
        """Whether the table is one of them; system tables never are."""
        if table.database.lower() in SYSTEM_DATABASES:
            return False
        name = str(table)
        chosen = table.database in self.databases or _matches(name, self.include)
        return chosen and not _matches(name, self.exclude)


async def read_tables(connection: Queries, scope: Scope) -> tuple[Table, ...]:
    """The selected tables, in the order of their names; views are none. Raises `SourceError`."""
    names = await _databases(connection, scope)
    if not names:
        return ()
    which = f"TABLE_SCHEMA IN ({', '.join(['%s'] * len(names))})"
    return await _read(connection, scope, which, *names)


async def read_table(connection: Queries, name: TableName) -> Table | None:
    """One table, or None when there is no such table now. Raises `SourceError`.

    While an ALTER commits, information_schema may show neither the old definition nor
    the new one. A table that a transaction has used cannot be altered until its end.
    """
    await connection.query("START TRANSACTION")
    try:
        source = f"{quoted(name.database)}.{quoted(name.name)}"
        await connection.query(f"SELECT 1 FROM {source} LIMIT 0")  # noqa: S608 (both are quoted)
        which = "TABLE_SCHEMA = %s AND TABLE_NAME = %s"
        scope = Scope((name.database,))
        tables = await _read(connection, scope, which, name.database, name.name)
    except SourceError as error:
        if error.number in {NO_SUCH_TABLE, NO_SUCH_DATABASE, NO_SUCH_VIEW}:
            return None
        raise
    finally:
        with suppress(SourceUnavailable):  # Whatever broke the connection is being raised.
            await connection.query("COMMIT")
    return next((table for table in tables if table.name == name), None)


async def _read(connection: Queries, scope: Scope, which: str, *names: str) -> tuple[Table, ...]:
    answers = [
        await connection.query(sql.format(which=which), *names)
        for sql in (TABLES, COLUMNS, UNIQUE_KEYS)
    ]
    return tuple(_tables(scope, await _collations(connection), *answers))


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


async def _collations(connection: Queries) -> dict[str, int]:
    ((version,),) = await connection.query("SELECT VERSION()")
    rows = await connection.query(MARIADB_COLLATIONS if "MariaDB" in version else COLLATIONS)
    return {name: int(number) for name, number in rows if number is not None}


async def _databases(connection: Queries, scope: Scope) -> tuple[str, ...]:
    if not scope.include:
        return scope.databases
    rows = await connection.query("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA")
    return tuple(name for (name,) in rows if name.lower() not in SYSTEM_DATABASES)


def _tables(
    scope: Scope,
    collations: dict[str, int],
    tables: Sequence[Any],
    columns: Sequence[Any],
    keys: Sequence[Any],
) -> Iterable[Table]:
    columns_of: dict[TableName, list[Column]] = defaultdict(list)
    for database, table, *rest, collation in columns:
        number = collations.get(collation, BINARY_COLLATION)
        columns_of[TableName(database, table)].append(declared_column(number, *rest))
    keys_of: dict[TableName, dict[str, list[tuple[str, int | None]]]] = defaultdict(dict)
    for database, table, index, column, prefix in keys:
        keys_of[TableName(database, table)].setdefault(index, []).append((column, prefix))
    for database, table, engine, rows, row_bytes in tables:
        name = TableName(database, table)
        if scope.wants(name):
            own = tuple(columns_of[name])
            key_name, key = _key(own, keys_of[name])
            yield Table(name, own, key_name, key, engine or "", int(rows or 0), int(row_bytes or 0))


def _key(
    columns: tuple[Column, ...], indexes: dict[str, list[tuple[str, int | None]]]
) -> tuple[str, tuple[int, ...]]:
    """The primary key, else the NOT NULL unique key with the fewest columns."""
    places = {column.name: index for index, column in enumerate(columns)}
    usable: list[tuple[int, str, tuple[int, ...]]] = []
    for name, parts in indexes.items():
        if name == PRIMARY:
            return name, tuple(places[column] for column, _ in parts)
        # A prefix or an expression says nothing about whole values.
        if all(part in places and prefix is None for part, prefix in parts):
            key = tuple(places[column] for column, _ in parts)
            if not any(columns[index].nullable for index in key):
                usable.append((len(key), name, key))
    if not usable:
        return "", ()
    _, name, key = min(usable)
    return name, key
