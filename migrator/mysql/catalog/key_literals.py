"""Keys as SQL conditions, so that the server decides on the order and equality of keys."""

from collections.abc import Iterable, Sequence
from typing import Any

from migrator.mysql.catalog.tables import quoted
from migrator.mysql.columns.column import Column

Literals = tuple[str, ...]


def literals(columns: Sequence[Column], key: Any) -> Literals:
    """The SQL literals of a document's decoded `_id`, in key order.

    `columns` are the key's columns. Raises TypeError for a value that such a column cannot have.
    """
    values = [key] if len(columns) == 1 else list(key.values())
    return tuple(
        column.kind.key_literal(column, value)
        for column, value in zip(columns, values, strict=True)
    )


def above(columns: Sequence[Column], bound: Literals) -> str:
    """The condition that a key comes after `bound`, which may be a prefix of a key."""
    return _beyond(columns, bound, ">", strict=True)


def up_to(columns: Sequence[Column], bound: Literals) -> str:
    """The condition that a key does not come after `bound`, which may be a prefix of a key."""
    return _beyond(columns, bound, "<", strict=False)


def one_of(columns: Sequence[Column], keys: Sequence[Literals]) -> str:
    """The condition that a key is one of these.

    It compares column by column: in a row constructor servers apply other rules, by which
    MySQL finds no ENUM or SET, and MariaDB no text of other character sets.
    """
    names = [quoted(column.name) for column in columns]
    if len(names) == 1:
        return f"{names[0]} IN ({', '.join(key[0] for key in keys)})"
    return _any(" AND ".join(map(" = ".join, zip(names, key, strict=True))) for key in keys)


def between(columns: Sequence[Column], keys: Sequence[Literals]) -> str:
    """The same as `one_of`, by ranges: that a key lies between one of these and itself."""
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
    # For a row constructor, which would be shorter, servers do not use an index.
    names = [quoted(column.name) for column in columns[: len(bound)]]
    condition = f"{names[-1]} {sign}{'' if strict else '='} {bound[-1]}"
    for name, literal in zip(reversed(names[:-1]), reversed(bound[:-1]), strict=True):
        condition = f"{name} {sign}= {literal} AND ({name} {sign} {literal} OR ({condition}))"
    return f"({condition})"
