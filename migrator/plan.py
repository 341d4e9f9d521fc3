"""How a table is copied: its key's range, cut where that is easy."""

from migrator.chunks import last_key_sql, read_chunk
from migrator.mysql.catalogue import Table
from migrator.mysql.columns import ColumnType
from migrator.mysql.connection import Connection
from migrator.mysql.keys import quoted
from migrator.mysql.types import TypeOptions
from migrator.state import Part, TableState

INTEGERS = frozenset(
    {ColumnType.TINY, ColumnType.SHORT, ColumnType.INT24, ColumnType.LONG, ColumnType.LONGLONG}
)
PART_ROWS_MIN = 100_000
PARTS_MAX = 8


async def plan(
    connection: Connection, table: Table, options: TypeOptions, partition: int, generation: int
) -> TableState:
    """The copy of a table as it is now, up to the greatest key that there is now.

    Later keys come by the stream. A large table whose key begins with an integer is
    copied in several ranges. Raises `SourceError`.
    """
    chunk = await read_chunk(connection, last_key_sql(table), table, options, 2)
    if chunk.last is None:
        parts: tuple[Part, ...] = (Part(done=True),)
    else:
        bounds = await _bounds(connection, table)
        uppers = [*bounds, chunk.last]
        parts = tuple(
            Part(lower=lower, upper=upper)
            for lower, upper in zip([None, *bounds], uppers, strict=True)
        )
    return TableState(table.name, partition, generation, table.estimated_rows, parts)


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
