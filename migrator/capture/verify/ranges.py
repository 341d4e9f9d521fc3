"""The ranges of a table's keys that a verification compares, and which documents each has."""

from dataclasses import replace
from typing import Any

import bson

from migrator.model.collection import CollectionMap
from migrator.model.document_key import Bound
from migrator.model.field_names import field_name
from migrator.model.state import KeyRange
from migrator.mysql.catalog.tables import Table
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.types.numbers import INTEGERS
from migrator.mysql.wire.connection import Connection
from migrator.snapshot.planner import Denied, Planner


def is_ordered(table: Table) -> bool:
    """Whether MySQL and MongoDB have the keys in one order, so that a range is one in both."""
    return all(column.kind in INTEGERS for column in table.key_columns)


async def ranges_of(
    connection: Connection, options: TypeOptions, collections: CollectionMap, table: Table
) -> tuple[KeyRange, ...] | str:
    """The ranges of a table, of which the last has no end; or why there are none."""
    planned = await Planner(connection, options, collections).plan(table.name, 0, 0)
    if planned is None:
        return "It no longer exists."
    if isinstance(planned, Denied):
        return planned.reason
    if planned.copy.left_out:
        return planned.copy.left_out
    *others, last = planned.copy.parts
    return (*others, replace(last, upper=None))


def document_bound(table: Table, bound: Bound | None) -> bytes:
    """An upper bound of an ordered table as a document `{_id}`; b"" without a bound.

    Literals are the first columns of a key; every key that begins with them is below the bound.
    """
    if bound is None or isinstance(bound, bytes):
        return bound or b""
    names = [field_name(column.name) for column in table.key_columns]
    values: list[Any] = [_number(literal) for literal in bound]
    if len(names) == 1:
        return bson.encode({"_id": values[0]})
    values += [bson.MaxKey()] * (len(names) - len(values))
    return bson.encode({"_id": dict(zip(names, values, strict=True))})


def lowest_key(table: Table) -> Any:
    """What is below all keys of an ordered table, and of their type to MongoDB."""
    return float("-inf") if len(table.key) == 1 else {}


def _number(literal: str) -> Any:
    """An integer as BSON has it; an unsigned one may be too large for 64 bits with a sign."""
    number = int(literal)
    return number if number < 2**63 else bson.Decimal128(literal)
