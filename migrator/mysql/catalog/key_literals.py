"""Keys as SQL: the order and the equality of a key are always decided by the server."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bson import Binary, Decimal128

from migrator.mysql.catalog.tables import quoted
from migrator.mysql.columns.column import Column, ColumnType
from migrator.mysql.text.charsets import charset_of, encode_text

Literals = tuple[str, ...]
TEMPORAL = frozenset(
    {ColumnType.DATE, ColumnType.TIME2, ColumnType.DATETIME2, ColumnType.TIMESTAMP2}
)


def literals(columns: Sequence[Column], key: Any) -> Literals:
    """The SQL literals of a document's decoded `_id`, in key order.

    `columns` are the key's columns. A text literal is written in hexadecimal, in the
    column's own character set, so that nothing is converted before its collation compares.
    """
    values = [key] if len(columns) == 1 else list(key.values())
    return tuple(_literal(column, value) for column, value in zip(columns, values, strict=True))


def above(columns: Sequence[Column], bound: Literals) -> str:
    """The condition that a key comes after `bound`, which may be a prefix of a key."""
    return _beyond(columns, bound, ">", strict=True)


def up_to(columns: Sequence[Column], bound: Literals) -> str:
    """The condition that a key does not come after `bound`, which may be a prefix of a key."""
    return _beyond(columns, bound, "<", strict=False)


def one_of(columns: Sequence[Column], keys: Sequence[Literals]) -> str:
    """The condition that a key is one of these.

    Column by column: in a row constructor servers compare by other rules, and MySQL finds
    no ENUM or SET there, MariaDB no text of other character sets.
    """
    names = [quoted(column.name) for column in columns]
    if len(names) == 1:
        return f"{names[0]} IN ({', '.join(key[0] for key in keys)})"
    return _any(" AND ".join(map(" = ".join, zip(names, key, strict=True))) for key in keys)


def between(columns: Sequence[Column], keys: Sequence[Literals]) -> str:
    """The same in another way: that a key lies between one of these and itself."""
    names = [quoted(column.name) for column in columns]
    return _any(
        " AND ".join(
            f"{name} BETWEEN {value} AND {value}" for name, value in zip(names, key, strict=True)
        )
        for key in keys
    )


def _any(conditions: Iterable[str]) -> str:
    return " OR ".join(f"({condition})" for condition in conditions)


def order(columns: Sequence[Column]) -> str:
    """The ORDER BY list of a key."""
    return ", ".join(quoted(column.name) for column in columns)


def _beyond(columns: Sequence[Column], bound: Literals, sign: str, *, strict: bool) -> str:
    # A row constructor would say the same, but servers do not use an index for it.
    names = [quoted(column.name) for column in columns[: len(bound)]]
    condition = f"{names[-1]} {sign}{'' if strict else '='} {bound[-1]}"
    for name, literal in zip(reversed(names[:-1]), reversed(bound[:-1]), strict=True):
        condition = f"{name} {sign}= {literal} AND ({name} {sign} {literal} OR ({condition}))"
    return f"({condition})"


def _literal(column: Column, value: Any) -> str:
    match value:
        case bool() | float():
            raise TypeError(f"{column.name}: a key cannot be {type(value).__name__}")
        case int():
            return str(value)
        case Decimal128():
            return format(value.to_decimal(), "f")
        case Decimal():
            return format(value, "f")
        case Binary(subtype=4) | uuid.UUID():
            text = value if isinstance(value, uuid.UUID) else value.as_uuid()
            return f"'{text}'"
        case bytes():
            return f"X'{value.hex()}'"
        case datetime():
            return _moment(column, value)
        case str():
            return _text(column, value)
    raise TypeError(f"{column.name}: a key cannot be {type(value).__name__}")


def _moment(column: Column, value: datetime) -> str:
    text = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if column.type == ColumnType.DATE:
        return f"'{text.date().isoformat()}'"  # Years of four digits: '50-06-01' is of 2050.
    return f"'{text.isoformat(sep=' ', timespec='milliseconds')}'"


def _text(column: Column, value: str) -> str:
    if column.type == ColumnType.ENUM:
        # A label would be compared by its letters; the index has the key's own order.
        return str(_label_index(column, value))
    if column.type == ColumnType.SET:
        return str(sum(1 << _label_index(column, one) - 1 for one in value.split(",") if one))
    if column.type in TEMPORAL or column.type in {ColumnType.INET4, ColumnType.INET6}:
        return f"'{value}'"
    if column.type == ColumnType.NEWDECIMAL:
        return value
    collation = column.collation or 0
    return f"_{charset_of(collation).name} X'{encode_text(value, collation).hex()}'"


def _label_index(column: Column, label: str) -> int:
    encoded = encode_text(label, column.collation or 0)
    return column.labels.index(encoded) + 1 if encoded in column.labels else 0
