"""A copied table is exact from its first moment on: a reader never sees half of a transfer."""

import asyncio
import os
import threading
from contextlib import suppress
from random import Random
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure

from migrator.broker.queues import delete
from tests.migrator.conftest import RoadFactory
from tests.migrator.road import Road, Source
from tests.migrator.writers import writing

STARTS = int(os.environ.get("FRESH_STARTS", "3"))
ACCOUNTS = 200
OPENING_BALANCE = 1_000
WRITERS = 3
LOOKED_ON_S = 0.5


def fill(source: Source) -> None:
    source.run(
        "DROP TABLE IF EXISTS accounts",
        "CREATE TABLE accounts (id INT PRIMARY KEY, balance BIGINT NOT NULL)",
        "INSERT INTO accounts VALUES "
        + ", ".join(f"({number}, {OPENING_BALANCE})" for number in range(ACCOUNTS)),
    )


def transfer(cursor: Any, random: Random) -> None:
    """Move money between two accounts, in one transaction."""
    # In the order of their keys, so that no two transfers block each other.
    one, other = sorted(random.sample(range(ACCOUNTS), 2))
    cursor.execute("BEGIN")
    for account, amount in (one, -7), (other, 7):
        sql = "UPDATE accounts SET balance = balance + %s WHERE id = %s"
        cursor.execute(sql, (amount, account))
    cursor.execute("COMMIT")


def look(client: "MongoClient[dict[str, Any]]", database: str, stop: threading.Event) -> set[int]:
    """The sums that a reader sees, from the first moment at which all accounts are there."""
    group = {"$group": {"_id": None, "count": {"$sum": 1}, "sum": {"$sum": "$balance"}}}
    seen: set[int] = set()
    found: list[dict[str, Any]] = []
    while not stop.is_set():
        # The collection may have been created after the snapshot.
        with client.start_session(snapshot=True) as session, suppress(OperationFailure):
            found = list(client[database].accounts.aggregate([group], session=session))
        if found and found[0]["count"] == ACCOUNTS:
            seen.add(found[0]["sum"])
    return seen


async def sums_of_a_fresh_start(road: Road) -> set[int]:
    stop = threading.Event()
    road.client.drop_database(road.source.database)
    road.client.drop_database(road.state)
    await delete(road.settings.broker_url.get_secret_value(), road.settings.name)
    reading = asyncio.create_task(asyncio.to_thread(look, road.client, road.source.database, stop))
    try:
        with writing(road.source, transfer, WRITERS):
            async with road.going():
                while road.client[road.source.database].accounts.count_documents({}) < ACCOUNTS:
                    await asyncio.sleep(0.01)
                await asyncio.sleep(LOOKED_ON_S)
    finally:
        stop.set()
    return await reading


async def test_no_wrong_sum_is_seen_after_a_fresh_start(make_road: RoadFactory) -> None:
    road = make_road(chunk_rows=20)

    for _ in range(STARTS):
        await asyncio.to_thread(fill, road.source)

        sums = await sums_of_a_fresh_start(road)

        assert sums == {ACCOUNTS * OPENING_BALANCE}
