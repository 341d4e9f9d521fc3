"""How the collections differ from their tables: from a fresh copy, and from the rows as read."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from bson import Decimal128, Int64

from tests.migrator.machine.columns import quoted
from tests.migrator.road import Road
from tests.migrator.twin import differences

Row = tuple[Any, ...]
TABLES = """
    SELECT TABLE_NAME FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = '{}' AND TABLE_TYPE = 'BASE TABLE' ORDER BY 1
"""


async def unequal(road: Road) -> list[str]:
    """What differs, in values and in bytes; nothing may be written meanwhile.

    A fresh copy is made by the migrator itself; the rows are read by a client that shares no
    code with it.
    """
    return await unlike_rows(road) + await differences(road)


async def unlike_rows(road: Road) -> list[str]:
    """The rows that have no document, and the documents that have no row."""
    return await asyncio.to_thread(_unlike_rows, road)


def _unlike_rows(road: Road) -> list[str]:
    found = []
    for (table,) in road.source.rows(TABLES.format(road.source.database)):
        if f"{road.source.database}.{table}" in road.settings.exclude:
            continue
        rows, documents = Counter(kept(road, table)), Counter(landed(road, table))
        found += [f"{table}: {row} should be gone" for row in documents - rows]
        found += [f"{table}: {row} is missing" for row in rows - documents]
    return sorted(found)


def kept(road: Road, table: str) -> list[Row]:
    """The rows of a table of the source."""
    name = f"{quoted(road.source.database)}.{quoted(table)}"
    return [tuple(map(plain, row)) for row in road.source.rows(f"SELECT * FROM {name}")]


def landed(road: Road, table: str) -> list[Row]:
    """The documents of a table as its rows, in the order of their keys."""
    return [
        tuple(plain(value) for name, value in document.items() if name != "_id")
        for document in road.documents(table)
    ]


def plain(value: Any) -> Any:
    """The value in one form for both drivers."""
    match value:
        case Decimal128():
            return value.to_decimal()
        case Int64():
            return int(value)
        case datetime(tzinfo=None):
            return value.replace(tzinfo=UTC)
        case _:
            return value
