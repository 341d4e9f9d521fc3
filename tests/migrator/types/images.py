"""Row images and binary rows, written by hand."""

from collections.abc import Sequence
from struct import Struct
from typing import Any

import bson

from migrator.model.rows import RowGroup
from migrator.model.table import TableName
from migrator.mysql.columns.column import Column, TableShape
from migrator.mysql.types import numbers, strings

ID = Column("id", numbers.LONG, nullable=False)
NAME = Column("name", strings.VARCHAR, 80, collation=255)
COUNT = Column("count", numbers.LONG)
TABLE = TableName("shop", "things")
MANY = 40
"""So many rows, that the last ones are decoded by a program."""
INT = Struct("<i").pack


def shape(*columns: Column, key: tuple[int, ...] = (0,)) -> TableShape:
    return TableShape(TABLE, columns, key)


def text(value: str | bytes) -> bytes:
    """A VARCHAR with a length of one byte, as both inputs have it up to 250 bytes."""
    data = value.encode() if isinstance(value, str) else value
    return bytes((len(data),)) + data


def image(*values: bytes | None) -> bytes:
    """A row image: NULL bitmap, whose unused bits servers set, and values."""
    return _bitmap(values, 0, unused=1) + b"".join(value for value in values if value is not None)


def binary_row(*values: bytes | None) -> bytes:
    """A row of a result in the binary protocol."""
    return b"\0" + _bitmap(values, 2, 0) + b"".join(value for value in values if value is not None)


def _bitmap(values: Sequence[bytes | None], offset: int, unused: int) -> bytes:
    size = (len(values) + offset + 7) // 8
    bits = sum(1 << place + offset for place, value in enumerate(values) if value is None)
    if unused:
        bits |= (1 << size * 8) - (1 << len(values))
    return bits.to_bytes(size, "little")


def thing(number: int, name: str | bytes | None, count: int | None = None) -> bytes:
    """A row of ID, NAME and COUNT."""
    return image(
        INT(number),
        None if name is None else text(name),
        None if count is None else INT(count),
    )


def seen(runs: Sequence[RowGroup]) -> list[tuple[str, list[Any]]]:
    """The operations and the documents, as pymongo reads them."""
    return [(run.operation.value, [bson.decode(row) for row in run.rows]) for run in runs]
