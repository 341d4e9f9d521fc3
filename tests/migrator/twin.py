"""What a migration left, beside a fresh copy of its source: the same bytes, or a difference."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from bson import decode
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from migrator.broker.queues import delete
from migrator.model.scope import pattern_of
from migrator.model.table import TableName
from tests.migrator.road import Road

UNREADABLE = "not valid in its character set"
Documents = dict[bytes, bytes]
"""By the bytes of `_id`."""


async def differences(road: Road, without: Sequence[TableName] = ()) -> list[str]:
    """How the collections differ from those of a copy that is made now; nothing may be written.

    `without` are tables that are not copied. Nor can those be compared whose rows the
    stream tells one by one, but no statement can name: a fresh copy leaves them out.
    """
    collections = road.settings.collections
    there = {name.lower() for (name,) in road.source.rows("SHOW DATABASES")}
    name = f"{road.settings.name}_fresh"
    copies = {one: f"{name}_{number}" for number, one in enumerate(road.settings.databases)}
    fresh = {one: copy for one, copy in copies.items() if one.lower() in there}
    options: dict[str, Any] = {
        **road.settings.model_dump(exclude={"source_url", "broker_url", "target_url"}),
        "mapping": fresh,
        "databases": tuple(fresh),
        "name": name,
        "state_database": f"_{name}",
        "exclude": (*road.settings.exclude, *map(pattern_of, without)),
    }
    urls = (road.settings.broker_url, road.settings.target_url)
    twin = Road(road.source, *(url.get_secret_value() for url in urls), **options)
    pairs = {
        collections.collection_of(TableName(one, "")).database: copy for one, copy in copies.items()
    }
    try:
        if fresh:
            await twin.copy(is_empty=True)
        found = await asyncio.to_thread(_compare, road.client, pairs)
        impossible = {
            f"{collections.collection_of(TableName(one['database'], one['table']))}:"
            for one in twin.client[twin.state].tables.find({"left_out": {"$regex": UNREADABLE}})
        }
        return [line for line in found if not line.startswith(tuple(impossible))]
    finally:
        for database in *pairs.values(), twin.state:
            twin.client.drop_database(database)
        twin.client.close()
        await delete(urls[0].get_secret_value(), name)


def _compare(client: "MongoClient[Any]", pairs: Mapping[str, str]) -> list[str]:
    """Each database of the first kind beside the one of the second."""
    return [
        line
        for pair in pairs.items()
        for name in sorted({one for database in pair for one in _collections(client, database)})
        for line in _compare_collection(
            f"{pair[0]}.{name}", *(_documents(client, database, name) for database in pair)
        )
    ]


def _collections(client: "MongoClient[Any]", database: str) -> list[str]:
    return client[database].list_collection_names()


def _compare_collection(name: str, followed: Documents, fresh: Documents) -> list[str]:
    lines = [f"{name}: {_shown(followed[key])} should be gone" for key in followed.keys() - fresh]
    lines += [f"{name}: {_shown(fresh[key])} is missing" for key in fresh.keys() - followed]
    lines += [
        f"{name}: {_shown(followed[key])} should be {_shown(fresh[key])}"
        for key in followed.keys() & fresh
        if followed[key] != fresh[key]
    ]
    return sorted(lines)


def _documents(client: "MongoClient[Any]", database: str, name: str) -> Documents:
    collection = client[database].get_collection(
        name, codec_options=CodecOptions(document_class=RawBSONDocument)
    )
    found = [bytes(document.raw) for document in collection.find()]
    return {_identity(document): document for document in found}


def _identity(document: bytes) -> bytes:
    # A value of any width is one to MongoDB.
    return repr(decode(document)["_id"]).encode()


def _shown(document: bytes) -> str:
    return repr(decode(document))[:200]
