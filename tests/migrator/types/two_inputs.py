"""Values as a server logs them and as it answers with them, side by side."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from struct import calcsize
from typing import Any

import bson

from migrator.model.position import Position
from migrator.mysql.binlog.reader import EventReader, Rows, RowsKind
from migrator.mysql.columns.codec import Codec, TypeOptions, Value
from migrator.mysql.columns.column import Column, ColumnKind
from migrator.mysql.position.log import current_position
from migrator.mysql.types.json import PartialJson
from migrator.mysql.wire.connection import Connection, SourceUrl, connect
from migrator.mysql.wire.packets import length_encoded_bytes
from tests.migrator.mysql.on_servers.conftest import logged_since

OPTIONS = TypeOptions()
ROW_PREFIX = 5  # The NULL bitmap and an INT.
PACKET_PREFIX = 6  # The header, the NULL bitmap and an INT.


@dataclass(frozen=True, slots=True)
class Both:
    """One value from both inputs, decoded from BSON once the bytes are known to be equal."""

    streamed: Value
    selected: Value

    @property
    def value(self) -> Any:
        assert self.streamed == self.selected
        return decoded(self.streamed)


def decoded(value: Value) -> Any:
    """What pymongo reads."""
    kind, data = value
    element = bytes((kind,)) + b"v\0" + data + b"\0"
    return bson.decode((len(element) + 4).to_bytes(4, "little") + element)["v"]


def both(
    url: SourceUrl,
    declaration: str,
    *values: str,
    args: Sequence[Any] = (),
    kind: ColumnKind | None = None,
    before: Sequence[str] = (),
) -> list[Both]:
    """The values of SQL expressions in a column; `kind` is its type where the log hides it.

    The statements `before` are run in the same database.
    """
    return asyncio.run(_both(url, declaration, values, args, kind, before))


async def _both(
    url: SourceUrl,
    declaration: str,
    values: Sequence[str],
    args: Sequence[Any],
    kind: ColumnKind | None,
    before: Sequence[str],
) -> list[Both]:
    async with table(url, declaration) as connection:
        for statement in before:
            await connection.query(statement)
        start = await current_position(connection)
        rows = ", ".join(f"({number}, {value})" for number, value in enumerate(values))
        await connection.query(f"INSERT INTO t VALUES {rows}", *args)
        events = await rows_since(connection, start)
        column = events[0].shape.columns[1]
        if kind is not None:
            column = replace(column, kind=kind)
        streamed = [value for event in events for value in _inserted(column, event)]
        selected = await select(connection, column)
    return [Both(*pair) for pair in zip(streamed, selected, strict=True)]


@asynccontextmanager
async def table(url: SourceUrl, declaration: str) -> AsyncIterator[Connection]:
    """A connection to a database of its own, with `t (id INT PRIMARY KEY, v ...)`."""
    name = f"types_{secrets.token_hex(4)}"
    async with await connect(url) as connection:
        await connection.query(f"CREATE DATABASE {name}")
        await connection.query(f"USE {name}")
        await connection.query("SET sql_mode = 'STRICT_ALL_TABLES'")
        await connection.query(f"CREATE TABLE t (id INT PRIMARY KEY, v {declaration})")
        try:
            yield connection
        finally:
            await connection.query(f"DROP DATABASE {name}")


async def rows_since(connection: Connection, start: Position) -> list[Rows]:
    """The row events of this connection's database."""
    ((database,),) = await connection.query("SELECT DATABASE()")
    events = EventReader(lambda name: name.database == database)
    raw = await logged_since(connection.url, start)
    return [event for event in events.events(raw) if isinstance(event, Rows)]


async def select(connection: Connection, column: Column) -> list[Value]:
    """Every `v` of the table, in the order of the ids."""
    codec = column.result_codec(OPTIONS)
    selection = await connection.select("SELECT id, v FROM t ORDER BY id")
    packets = [packet async for some in selection.packets() for packet in some]
    return [codec.value(raw_at(codec, packet, PACKET_PREFIX)[0]) for packet in packets]


def raw_at(codec: Codec, data: bytes, at: int) -> tuple[Any, int]:
    """The raw value at `at`, and where it ends; of the types whose values have a length."""
    if codec.read.counted:
        return length_encoded_bytes(data, at)
    size = calcsize(f"<{codec.read.codes}")
    length = int.from_bytes(data[at : at + size], "little")
    return data[at + size : at + size + length], at + size + length


def _inserted(column: Column, event: Rows) -> list[Value]:
    codec, at = column.row_codec(OPTIONS), event.start
    values: list[Value] = []
    while at < event.stop:
        assert not event.body[at] & 2, "an expression is NULL"
        raw, at = raw_at(codec, event.body, at + ROW_PREFIX)
        values.append(codec.value(raw))
    return values


def updated(event: Rows) -> tuple[Value, bool]:
    """The value after an event that changed one row, and whether it was logged in part."""
    assert event.kind is RowsKind.UPDATE
    codec = event.shape.columns[1].row_codec(OPTIONS)
    before, at = raw_at(codec, event.body, event.start + ROW_PREFIX)
    is_partial = False
    if event.partial_json:
        has_bitmap, at = event.body[at], at + 1
        if has_bitmap:
            is_partial, at = bool(event.body[at] & 1), at + 1
    after, at = raw_at(codec, event.body, at + ROW_PREFIX)
    assert at == event.stop
    return codec.value(PartialJson(before, after) if is_partial else after), is_partial
