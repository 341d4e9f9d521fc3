"""A table that is copied anew because somebody asked for it."""

import asyncio
import io
from typing import Any

import pytest
from rich.console import Console

from migrator.cli.recopy import recopy
from migrator.errors import ConfigurationError
from migrator.state.recopies import Recopies
from migrator.state.store import State
from tests.migrator.conftest import RoadFactory
from tests.migrator.road import Road, Source

FILLED = (
    "CREATE TABLE t (id INT PRIMARY KEY, v INT)",
    "INSERT INTO t VALUES " + ", ".join(f"({n}, {n})" for n in range(200)),
)
TIMEOUT_S = 20


async def ask(road: Road, *tables: str) -> str:
    """What `recopy` answers."""
    said = io.StringIO()
    await recopy(road.settings, Console(file=said, width=200), tables, "a test")
    return said.getvalue()


async def carried_out(road: Road) -> None:
    async with asyncio.timeout(TIMEOUT_S):
        while road.client[road.state].recopies.count_documents({}):
            await asyncio.sleep(0.05)


def damage(road: Road, table: str = "t") -> None:
    collection = road.client[road.source.database][table]
    collection.delete_one({"_id": 3})
    collection.update_one({"_id": 4}, {"$set": {"v": "four"}})
    collection.insert_one({"_id": 1_000})


def documents(rows: dict[int, int]) -> list[dict[str, Any]]:
    return [{"_id": key, "id": key, "v": value} for key, value in sorted(rows.items())]


async def test_a_damaged_table_is_copied_anew_while_the_stream_goes_on(
    source: Source, make_road: RoadFactory
) -> None:
    road = make_road(chunk_rows=20)
    source.run(*FILLED, "CREATE TABLE u (id INT PRIMARY KEY, v INT)", "INSERT INTO u VALUES (1, 1)")

    async with road.going():
        await road.settled()
        damage(road)
        damage(road, "u")
        asking = asyncio.create_task(ask(road, f"{source.database}.t"))
        for number in range(100):
            await source.change(f"UPDATE t SET v = {-number} WHERE id = {number}")
        said = await asking
        await carried_out(road)
        await road.settled()

    assert said == (
        f"Capture empties and copies {source.database}.t anew within a second or two. "
        "`python -m migrator status` shows how far it is.\n"
    )
    assert road.documents("t") == documents({n: -n if n < 100 else n for n in range(200)})
    # Only the table that was named.
    assert road.documents("u")[-1] == {"_id": 1_000}


async def test_without_a_capture_the_next_one_carries_it_out_before_it_reports(
    source: Source, road: Road
) -> None:
    source.run(*FILLED)
    await road.copy()
    damage(road)

    said = await ask(road, f"{source.database}.t")

    assert said.startswith("Nothing reads the source now. The next `run` or `capture` empties and ")
    await road.copy()
    assert road.documents("t") == documents({n: n for n in range(200)})


@pytest.mark.parametrize(
    ("owner", "step"), [(State, "save_table"), (Recopies, "forget")], ids=["emptied", "saved"]
)
async def test_a_capture_that_dies_in_between_loses_no_request(
    source: Source, road: Road, monkeypatch: pytest.MonkeyPatch, owner: type, step: str
) -> None:
    source.run(*FILLED)
    reached = asyncio.Event()

    async def hangs(*_: object) -> None:
        reached.set()
        await asyncio.Event().wait()

    async with road.going():
        await road.settled()
        damage(road)
        with monkeypatch.context() as patch:
            patch.setattr(owner, step, hangs)
            await ask(road, f"{source.database}.t")
            async with asyncio.timeout(TIMEOUT_S):
                await reached.wait()
                while road.client[source.database].t.count_documents({"_id": 1_000}):
                    await asyncio.sleep(0.05)
    assert road.client[road.state].recopies.count_documents({}) == 1

    await road.copy()

    assert road.documents("t") == documents({n: n for n in range(200)})
    assert road.client[road.state].recopies.count_documents({}) == 0


async def test_a_table_that_was_left_out_joins(source: Source, make_road: RoadFactory) -> None:
    road = make_road(include=(f"{source.database}.*",), exclude=())
    source.run(*FILLED)
    name = f"{source.database}.late"
    late = road.client[source.database].late
    async with road.going():
        await road.settled()
        late.insert_one({"_id": 7, "whose": "somebody else's"})
        await source.change("CREATE TABLE late (id INT PRIMARY KEY, v INT)")
        await source.change("INSERT INTO late VALUES (1, 1)")
        async with asyncio.timeout(TIMEOUT_S):
            while not road.client[road.state].tables.find_one(
                {"_id": name, "left_out": {"$gt": ""}}
            ):
                await asyncio.sleep(0.05)
        late.drop()

        await ask(road, name)
        await carried_out(road)
        await source.change("INSERT INTO late VALUES (2, 2)")
        await road.settled()

    assert road.documents("late") == documents({1: 1, 2: 2})


async def test_what_cannot_be_copied_anew_is_refused_and_nothing_is_asked_for(
    mysql: Source, make_mysql_road: RoadFactory
) -> None:
    road = make_mysql_road()
    mysql.run(*FILLED)
    await road.copy()
    good = f"{mysql.database}.t"

    for bad, why in {
        "orders": "'orders' is no name of a table. Write DATABASE.TABLE, such as shop.orders.",
        ".t": "'.t' is no name of a table. Write DATABASE.TABLE, such as shop.orders.",
        f"{mysql.database}.x": f"The migration in {road.state} does not know the table "
        f"{mysql.database}.x. `python -m migrator status` lists those that it knows.",
    }.items():
        with pytest.raises(ConfigurationError) as refused:
            await ask(road, good, bad)
        assert str(refused.value) == why

    assert road.client[road.state].recopies.count_documents({}) == 0
