"""How the collections differ from their tables: from a fresh copy, and from the rows as read."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bson import Decimal128, Int64

from tests.migrator.machine.columns import quoted
from tests.migrator.road import Road, Source
from tests.migrator.twin import differences

KEYS = """
    SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.KEY_COLUMN_USAGE
    WHERE TABLE_SCHEMA = '{}' AND CONSTRAINT_NAME = 'PRIMARY' ORDER BY 1, ORDINAL_POSITION
"""


async def unequal(road: Road) -> list[str]:
    """What differs; nothing may be written meanwhile.

    The keys are also read by a client that shares no code with the migrator, since a fresh
    copy is made by the migrator itself.
    """
    keys = await asyncio.to_thread(_keys, road)
    return keys + await differences(road)


def _keys(road: Road) -> list[str]:
    found = []
    for table, columns in _primary_keys(road.source).items():
        if f"{road.source.database}.{table}" in road.settings.exclude:
            continue
        listed = ", ".join(map(quoted, columns))
        name = f"{quoted(road.source.database)}.{quoted(table)}"
        rows = road.source.rows(f"SELECT {listed} FROM {name}")
        keys = {tuple(map(plain, row)) for row in rows}
        documents = {_key(one["_id"]) for one in road.documents(table)}
        found += [f"{table}: the document {key} should be gone" for key in documents - keys]
        found += [f"{table}: the document {key} is missing" for key in keys - documents]
    return sorted(found)


def _primary_keys(source: Source) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for table, column in source.rows(KEYS.format(source.database)):
        found.setdefault(table, []).append(column)
    return found


def _key(identity: Any) -> tuple[Any, ...]:
    values = identity.values() if isinstance(identity, dict) else [identity]
    return tuple(map(plain, values))


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


def landed(road: Road, table: str) -> list[tuple[Any, ...]]:
    """The documents of a table as its rows, in the order of their keys."""
    return [
        tuple(plain(value) for name, value in document.items() if name != "_id")
        for document in road.documents(table)
    ]
