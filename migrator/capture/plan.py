"""How a table is copied: its key's range, cut where that is easy."""

from dataclasses import dataclass

from migrator.capture.chunks import last_key_sql, read_chunk
from migrator.errors import ConfigurationError, SourceError, SourceUnavailable
from migrator.mysql.catalogue import Table, quoted, read_table
from migrator.mysql.columns import ColumnType, TableName
from migrator.mysql.connection import Connection
from migrator.mysql.types import TypeOptions
from migrator.state import Part, TableState

INTEGERS = frozenset(
    {ColumnType.TINY, ColumnType.SHORT, ColumnType.INT24, ColumnType.LONG, ColumnType.LONGLONG}
)
PART_ROWS_MIN = 100_000
PARTS_MAX = 8
TRIES = 20


@dataclass(frozen=True, slots=True)
class Planned:
    """A table as it is now, and the copy that it needs."""

    table: Table
    state: TableState


async def plan(
    connection: Connection, name: TableName, options: TypeOptions, partition: int, generation: int
) -> Planned | None:
    """The copy of a table as it is now, up to the greatest key that there is now.

    Later keys come by the stream. A large table whose key begins with an integer is
    copied in several ranges. None: there is no such table any more. Raises
    `SourceError`, and `ConfigurationError` for a table without a key.
    """
    for _ in range(TRIES):
        table = await read_table(connection, name)
        if table is None:
            return None
        _check_key(table)
        try:
            parts = await _parts(connection, table, options)
        except SourceError as error:
            # It may have been altered between the look at it and the SELECT.
            if error.retryable or not is_redefined(table, await read_table(connection, name)):
                raise
        else:
            state = TableState(name, partition, generation, table.estimated_rows, parts)
            return Planned(table, state)
    raise SourceUnavailable(f"{name} is altered all the time; its copy is planned again.")


def is_redefined(table: Table, now: Table | None) -> bool:
    """Whether the table has other columns or another key now, or is gone."""
    return now is None or (now.columns, now.key) != (table.columns, table.key)


def _check_key(table: Table) -> None:
    if not table.key:
        raise ConfigurationError(
            f"{table.name} has no primary key and no NOT NULL unique key, so its rows cannot be "
            "told apart. Add a key, or exclude the table."
        )


async def _parts(connection: Connection, table: Table, options: TypeOptions) -> tuple[Part, ...]:
    chunk = await read_chunk(connection, last_key_sql(table), table, options, 2)
    if chunk.last is None:
        return (Part(done=True),)
    bounds = await _bounds(connection, table)
    uppers = [*bounds, chunk.last]
    return tuple(
        Part(lower=lower, upper=upper) for lower, upper in zip([None, *bounds], uppers, strict=True)
    )


async def _bounds(connection: Connection, table: Table) -> list[tuple[str, ...]]:
    """Keys that cut the table in ranges of about the same width; they need not exist."""
    first = table.key_columns[0]
    count = min(PARTS_MAX, table.estimated_rows // PART_ROWS_MIN)
    if first.type not in INTEGERS or count < 2:
        return []
    name, source = quoted(first.name), f"{quoted(table.name.database)}.{quoted(table.name.name)}"
    ((least, most),) = await connection.query(f"SELECT MIN({name}), MAX({name}) FROM {source}")  # noqa: S608
    if least is None or most - least < count:
        return []
    return [(str(least + (most - least) * number // count),) for number in range(1, count)]
