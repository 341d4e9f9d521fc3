"""One chunk of a table: its SELECT, its rows as documents, and where it ended."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

import bson
from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions, DatetimeConversion

from migrator.errors import ConfigurationError, KeyUnreadable
from migrator.model.document_key import Bound, document_key, has_key
from migrator.model.rows import RowGroup
from migrator.model.state import KeyRange
from migrator.mysql.catalog.key_literals import (
    Literals,
    above,
    between,
    literals,
    one_of,
    order,
    up_to,
)
from migrator.mysql.catalog.result_columns import result_columns
from migrator.mysql.catalog.tables import Table, quoted, quoted_table
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.rows.decoder import ResultDecoder
from migrator.mysql.wire.connection import Connection

EMPTY = bson.encode({})
CHUNK_BYTES_LIMIT = 64 * 1024 * 1024
KEYS: CodecOptions[dict[str, object]] = CodecOptions(
    uuid_representation=UuidRepresentation.STANDARD,
    tz_aware=True,
    datetime_conversion=DatetimeConversion.DATETIME,
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """The result of a SELECT: `last` is the document key of its last row, None without rows."""

    groups: tuple[RowGroup, ...]
    rows: int
    last: bytes | None
    is_last: bool


def chunk_sql(table: Table, last: Bound | None, part: KeyRange, limit: int) -> str:
    """The next `limit` rows of a range, after the key `last`, in the order of the key."""
    key = table.key_columns
    lower = last or part.lower
    conditions = [above(key, bound_literals(table, lower))] if lower else []
    if part.upper:
        conditions.append(up_to(key, bound_literals(table, part.upper)))
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    index = f" FORCE INDEX ({quoted(table.key_name)})"
    return f"{_select(table)}{index}{where} ORDER BY {order(key)} LIMIT {limit}"


def last_key_sql(table: Table) -> str:
    """The row with the greatest key."""
    descending = ", ".join(f"{quoted(column.name)} DESC" for column in table.key_columns)
    index = f" FORCE INDEX ({quoted(table.key_name)})"
    return f"{_select(table)}{index} ORDER BY {descending} LIMIT 1"


def rows_sql(table: Table, keys: Sequence[bytes]) -> str:
    """The rows with these document keys."""
    return f"{_select(table)} WHERE {one_of(table.key_columns, _all_literals(table, keys))}"


def rows_between_sql(table: Table, keys: Sequence[bytes]) -> str:
    """The same rows, by another condition."""
    return f"{_select(table)} WHERE {between(table.key_columns, _all_literals(table, keys))}"


async def read_chunk(
    connection: Connection, sql: str, table: Table, options: TypeOptions, limit: int
) -> Chunk:
    """Run a SELECT of this module. Raises `SourceError`, `KeyUnreadable`.

    A chunk ends early when its rows are larger than `CHUNK_BYTES_LIMIT`.
    """
    selection = await connection.select(sql)
    decoder = ResultDecoder(result_columns(selection.columns, table.columns), table.key, options)
    groups: list[RowGroup] = []
    count = size = 0
    async with aclosing(selection.packets()) as arriving:
        async for packets in arriving:
            groups += decoder.decode(packets)
            count += len(packets)
            size += sum(map(len, packets))
            if size > CHUNK_BYTES_LIMIT:
                break  # The unread rows are dropped: leaving the loop closes the connection.
    is_last = count < limit and size <= CHUNK_BYTES_LIMIT
    last = _readable_key(table, groups[-1].rows[-1]) if groups else None
    return Chunk(tuple(groups), count, last, is_last)


def bound_literals(table: Table, bound: Bound) -> Literals:
    """A bound as SQL literals: a document key is decoded, literals stay as they are."""
    if not isinstance(bound, bytes):
        return bound
    return literals(table.key_columns, bson.decode(bound, KEYS)["_id"])


def _all_literals(table: Table, keys: Sequence[bytes]) -> list[Literals]:
    return [bound_literals(table, key) for key in keys]


def _readable_key(table: Table, document: bytes) -> bytes:
    """The document's key; raises `KeyUnreadable` if the next SELECT could not name it."""
    key = document_key(document) if has_key(document) else EMPTY
    try:
        bound_literals(table, key)
    except (KeyError, bson.errors.BSONError, ConfigurationError) as error:
        names = ", ".join(column.name for column in table.key_columns)
        raise KeyUnreadable(
            f"A row of {table.name} has a key ({names}) that is not valid in its character set, so "
            "the copy cannot go on after it. Correct that row, or exclude the table."
        ) from error
    return key


def _select(table: Table) -> str:
    columns = ", ".join(quoted(column.name) for column in table.columns)
    return f"SELECT {columns} FROM {quoted_table(table.name)}"  # noqa: S608 (every name is quoted)
