"""Rows of a table by both inputs: what the server logs of them, and what it answers."""

from collections.abc import Sequence
from dataclasses import replace

from migrator.model.rows import RowGroup
from migrator.model.table import TableName
from migrator.mysql.binlog.events import Rows, RowsKind
from migrator.mysql.catalog.result_columns import result_columns
from migrator.mysql.catalog.tables import Table, read_table
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.position.log import current_position
from migrator.mysql.rows.decoder import BinlogDecoder, ResultDecoder
from migrator.mysql.wire.connection import Connection
from tests.migrator.types.two_inputs import rows_since


async def catalogue_of(connection: Connection, name: str = "t") -> Table:
    """The table as the catalogue describes it."""
    ((database,),) = await connection.query("SELECT DATABASE()")
    table = await read_table(connection, TableName(database, name))
    assert table is not None
    return table


async def events_of(connection: Connection, statements: Sequence[str]) -> list[Rows]:
    """The row events of these statements."""
    start = await current_position(connection)
    for sql in statements:
        await connection.query(sql)
    return await rows_since(connection, start)


def decoder_of(event: Rows, table: Table, options: TypeOptions) -> BinlogDecoder:
    """As the migrator makes it: the key of the table map, or else that of the catalogue."""
    own = {column.name: column for column in table.columns}
    columns = tuple(column.explained_by(own[column.name]) for column in event.shape.columns)
    return BinlogDecoder(
        replace(event.shape, columns=columns), event.shape.key or table.key, options
    )


def groups_of(
    events: Sequence[Rows], table: Table, options: TypeOptions | None = None
) -> list[RowGroup]:
    """The runs of whole-row events, in their order."""
    runs: list[RowGroup] = []
    for event in events:
        decoder = decoder_of(event, table, options or TypeOptions())
        body, start, stop = event.body, event.start, event.stop
        if event.kind is RowsKind.INSERT:
            runs += decoder.inserts(body, start, stop)
        elif event.kind is RowsKind.UPDATE:
            runs += decoder.updates(body, start, stop, partial_json=event.partial_json)
        else:
            runs += decoder.deletes(body, start, stop)
    return runs


async def selected(
    connection: Connection, table: Table, options: TypeOptions | None = None
) -> list[RowGroup]:
    """The runs of the whole table, in the order of its key."""
    names = ", ".join(f"`{column.name}`" for column in table.columns)
    order = ", ".join(f"`{column.name}`" for column in table.key_columns)
    selection = await connection.select(f"SELECT {names} FROM `{table.name.name}` ORDER BY {order}")
    columns = result_columns(selection.columns, table.columns)
    decoder = ResultDecoder(columns, table.key, options or TypeOptions())
    return decoder.decode([packet async for some in selection.packets() for packet in some])


def documents(runs: Sequence[RowGroup]) -> list[bytes]:
    """The documents of all runs."""
    return [row for run in runs for row in run.rows]
