"""Values of keys as literals of SQL, so that the server compares them as it sorts the key."""

import re
from collections.abc import Sequence
from typing import Any

from bson import Decimal128
from bson.binary import UUID_SUBTYPE, Binary
from bson.datetime_ms import DatetimeMS

from migrator.independent.source.client import quoted
from migrator.independent.values.charsets import PUBLISHED
from migrator.independent.values.column import Column
from migrator.independent.values.moments import printed
from migrator.independent.values.rules import (
    BINARIES,
    BYTES,
    INT32_TYPES,
    NUMBER,
    PLAIN,
    REAL,
    TEXTS,
    is_foreign,
)

DIGITS = re.compile(r"-?\d+(\.\d+)?")
WHOLE = (*INT32_TYPES, "bigint", "bit")
REALS = ("float", "double")
LABELS = ("enum", "set")
MOMENTS = ("date", "datetime", "timestamp")
PRINTED = ("time", "inet4", "inet6")


def place_selection(column: Column) -> str:
    """The template that selects where a row stands in the order of the key."""
    if column.type in TEXTS:
        return BYTES
    if column.type in (*LABELS, "bit"):
        return NUMBER  # Both sort by their number.
    return REAL if column.type in REALS else PLAIN


def place_literal(column: Column, cell: bytes) -> str:
    """The literal of a cell that `place_selection` gave."""
    if column.type in TEXTS and column.charset:
        return f"_{column.charset} {_hex(cell)} COLLATE {column.collation}"
    if column.type in (*TEXTS, *BINARIES):
        return _hex(cell)
    if column.type in (*MOMENTS, *PRINTED, "uuid"):
        return f"CONVERT({_hex(cell)} USING ascii)"
    return cell.decode()


def after(columns: Sequence[Column], literals: Sequence[str]) -> str:
    """The condition of the rows that stand after a key, in a form for which the index serves."""
    name, literal = quoted(columns[0].name), literals[0]
    if len(columns) == 1:
        return f"{name} > {literal}"
    rest = after(columns[1:], literals[1:])
    return f"{name} >= {literal} AND ({name} > {literal} OR ({name} = {literal} AND {rest}))"


def one_of(columns: Sequence[Column], ids: Sequence[Any]) -> str:
    """The condition of the rows with one of these `_id`s; FALSE where no row can have any.

    Column by column: in a row constructor servers do not find every text, ENUM or SET.
    """
    keys = [found for value in ids if (found := _literals(columns, value))]
    if len(columns) == 1:
        listed = ", ".join(literal for (literal,) in keys)
        return f"{quoted(columns[0].name)} IN ({listed})" if keys else "FALSE"
    names = [quoted(column.name) for column in columns]
    conditions = (" AND ".join(map(" = ".join, zip(names, key, strict=True))) for key in keys)
    return " OR ".join(f"({condition})" for condition in conditions) or "FALSE"


def _literals(columns: Sequence[Column], value: Any) -> list[str]:
    """An `_id` as literals, none if no row of the table can have it."""
    if len(columns) == 1:
        values = [value]
    elif isinstance(value, dict) and list(value) == [column.field for column in columns]:
        values = list(value.values())
    else:
        return []
    try:
        return [id_literal(column, one) for column, one in zip(columns, values, strict=True)]
    except ValueError:
        return []


def id_literal(column: Column, value: Any) -> str:
    """The literal of a value of an `_id`; raises ValueError if the column cannot have it."""
    if column.type in (*TEXTS, *LABELS) and isinstance(value, str):
        return _text_literal(column, value)
    if column.type in BINARIES and type(value) is bytes:
        return _hex(value)
    if column.type in (*WHOLE, "decimal") and not isinstance(value, bool | float):
        return _number(value)
    if column.type in REALS and isinstance(value, float):
        return f"{value!r}" if "e" in repr(value) else f"{value!r}e0"
    if column.type in MOMENTS and isinstance(value, str | DatetimeMS):
        return f"CONVERT({_hex(printed(value).encode())} USING ascii)"
    if column.type in PRINTED and isinstance(value, str):
        return f"CONVERT({_hex(value.encode())} USING ascii)"
    if column.type == "uuid" and isinstance(value, Binary) and value.subtype == UUID_SUBTYPE:
        return f"CONVERT({_hex(str(value.as_uuid()).encode())} USING ascii)"
    raise ValueError("another type than the column's")


def _text_literal(column: Column, text: str) -> str:
    data = text.encode()  # A lone surrogate is a ValueError.
    if not column.charset:
        return _hex(data)
    if is_foreign(column) and "?" not in text and not text.isascii():
        try:
            # The server may not know a character that the published set has.
            stored = text.encode(PUBLISHED.get(column.charset, ""))
        except (LookupError, UnicodeEncodeError):
            stored = b""
        if stored:
            return f"_{column.charset} {_hex(stored)} COLLATE {column.collation}"
    converted = f"CONVERT(_utf8mb4 {_hex(data)} USING {column.charset})"
    return f"{converted} COLLATE {column.collation}"


def _number(value: Any) -> str:
    number = value.to_decimal() if isinstance(value, Decimal128) else value
    text = format(number, "f") if not isinstance(number, str | int) else str(number)
    if not DIGITS.fullmatch(text):
        raise ValueError("not a number")
    return text


def _hex(data: bytes) -> str:
    return f"X'{data.hex()}'"
