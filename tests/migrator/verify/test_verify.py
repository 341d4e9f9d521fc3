"""Rows and documents are compared at exactly a position, while both move."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Int64

from tests.migrator.conftest import RoadFactory
from tests.migrator.road import Road
from tests.migrator.verify.scene import ROWS, TABLES, WRITERS, change, fill, verified
from tests.migrator.writers import writing

LEAP_DAY = datetime(2024, 2, 29, tzinfo=UTC)


@pytest.fixture
async def road(make_road: RoadFactory) -> Road:
    """A migration of four tables, read in chunks of 70 rows."""
    road = make_road(chunk_rows=70)
    await asyncio.to_thread(fill, road.source)
    return road


def plant(road: Road) -> dict[str, dict[Any, tuple[str, tuple[str, ...]]]]:
    """Put faults into the target; returns kind and fields by table and key."""
    target = road.client[road.source.database]
    target.numbers.update_one({"_id": 1}, {"$set": {"note": "flipped"}})
    target.numbers.update_one({"_id": 2}, {"$set": {"v": 0.0}})
    target.numbers.update_one({"_id": 3}, {"$set": {"day": "2024-02-29"}})
    target.numbers.delete_one({"_id": 4})
    target.numbers.insert_one({"_id": -7, "id": -7})
    target.numbers.insert_one({"_id": "stray"})
    target.numbers.update_one({"_id": 5}, {"$unset": {"note": 1}})
    target.numbers.update_one({"_id": 6}, {"$set": {"more": 1}})
    swapped = target.numbers.find_one({"_id": 8}), target.numbers.find_one({"_id": 9})
    for one, other in (swapped, swapped[::-1]):
        assert one is not None
        assert other is not None
        target.numbers.replace_one({"_id": one["_id"]}, {**other, "_id": one["_id"]})
    target.pairs.delete_one({"_id": {"a": 1, "b": 1}})
    target.pairs.insert_one({"_id": {"a": 1}})
    target.words.update_one({"_id": "word1"}, {"$set": {"v": 99}})
    target.words.insert_one({"_id": "WORD2", "word": "WORD2", "v": 0})
    target.bytes.delete_one({"_id": b"\0\0\0\5"})
    target.bytes.insert_one({"_id": b"zzzz"})
    return {
        "numbers": {
            1: ("different", ("note",)),
            2: ("different", ("v",)),
            3: ("different", ("day",)),
            4: ("missing", ()),
            -7: ("extra", ()),
            "stray": ("extra", ()),
            5: ("different", ("note",)),
            6: ("different", ("more",)),
            8: ("different", ("id", "note")),
            9: ("different", ("id", "note")),
        },
        "pairs": {"{'a': 1, 'b': 1}": ("missing", ()), "{'a': 1}": ("extra", ())},
        "words": {"word1": ("different", ("v",)), "WORD2": ("extra", ())},
        "bytes": {b"\0\0\0\5": ("missing", ()), b"zzzz": ("extra", ())},
    }


async def test_a_sound_target_has_no_difference_while_it_is_written_to(road: Road) -> None:
    async with road.going():
        await road.settled()
        with writing(road.source, change, WRITERS):
            for _ in range(2):
                tables, differences = await verified(road)

                assert differences == []
                assert {name: one.equal for name, one in tables.items()} == {
                    name: one.compared for name, one in tables.items()
                }
                assert tables["bytes"].compared == ROWS
                # A row that changes the case of its key is looked at under both.
                assert tables["words"].compared >= ROWS


async def test_planted_faults_are_found_by_key_and_field_and_repaired(road: Road) -> None:
    async with road.going():
        await road.settled()
        planted = plant(road)
        with writing(road.source, change, WRITERS):
            tables, differences = await verified(road)
            _, repaired = await verified(road, repair=True)
            again, left = await verified(road)

    found: dict[str, dict[Any, tuple[str, tuple[str, ...]]]] = {name: {} for name in TABLES}
    for one in differences:
        key = str(one.key) if isinstance(one.key, dict) else one.key
        found[one.table.name][key] = (one.kind.value, one.fields)
    assert found == planted
    assert tables["numbers"].different == 7
    third = next(one for one in differences if one.key == 3)
    assert third.row is not None
    assert third.document is not None
    assert (third.row["day"], third.document["day"]) == (LEAP_DAY, "2024-02-29")
    assert all(one.repaired for one in repaired)
    assert len(repaired) == len(differences)
    assert left == []
    assert all(one.equal == one.compared for one in again.values())


async def test_each_stray_document_counts_once_whatever_its_key_is(road: Road) -> None:
    strays = [float("nan"), float("-inf"), -5.5, "text", {"a": 1}, b"x"]
    async with road.going():
        await road.settled()
        target = road.client[road.source.database]
        for key in strays:
            target.numbers.insert_one({"_id": key})
        target.pairs.insert_many([{"_id": {}}, {"_id": 5}, {"_id": {"b": 1, "a": 1}}])

        tables, _ = await verified(road, ["numbers", "pairs"])
        await verified(road, ["numbers", "pairs"], repair=True)
        again, _ = await verified(road, ["numbers", "pairs"])

    assert {name: one.extra for name, one in tables.items()} == {"numbers": 6, "pairs": 3}
    assert {name: one.extra for name, one in again.items()} == {"numbers": 0, "pairs": 0}


async def test_a_key_of_another_number_type_is_found_and_repaired(road: Road) -> None:
    async with road.going():
        await road.settled()
        numbers = road.client[road.source.database].numbers
        for key in 10.0, Int64(11):
            document = numbers.find_one_and_delete({"_id": key})
            assert document is not None
            numbers.insert_one({**document, "_id": key})

        _tables, differences = await verified(road, ["numbers"], repair=True)
        again, _ = await verified(road, ["numbers"])

    found = sorted((one.key, one.kind.value, one.fields) for one in differences)
    assert found == [(10, "extra", ()), (10, "missing", ()), (11, "different", ("_id",))]
    assert again["numbers"].equal == ROWS
    assert [type(one["_id"]) for one in numbers.find({"_id": {"$in": [10, 11]}})] == [int, int]


async def test_rows_that_a_cascade_left_in_suspect_are_put_off(road: Road) -> None:
    async with road.going():
        await road.settled()
        plant(road)
        asking = asyncio.create_task(verified(road))
        verifications, put_off = road.client[road.state].verifications, None
        while put_off is None or put_off["again"] < 9:
            # As load notes them. Capture settles each in some seconds.
            road.client[road.state].suspects.insert_one(
                {"table": {"database": road.source.database, "name": "numbers"}, "keys": []}
            )
            await asyncio.sleep(0.2)
            put_off = verifications.find_one({"table": "numbers"})
        tables, differences = await asking

    assert put_off["different"] == 0
    assert len(differences) == 16
    assert (tables["numbers"].compared, tables["numbers"].different) == (ROWS, 7)


async def test_values_can_be_hidden(road: Road) -> None:
    async with road.going():
        await road.settled()
        road.client[road.source.database].numbers.update_one({"_id": 1}, {"$set": {"v": 7}})

        _, differences = await verified(road, ["numbers"], hide_values=True)

    assert [(one.key, one.fields, one.row, one.document) for one in differences] == [
        (1, ("v",), None, None)
    ]


async def test_a_verification_goes_on_after_both_halves_were_stopped(road: Road) -> None:
    async with road.going():
        await road.settled()
        plant(road)
        asking = asyncio.create_task(verified(road))
        await asyncio.sleep(0.8)
    await asyncio.sleep(0.2)

    async with road.going():
        tables, differences = await asking

    assert len(differences) == 16
    assert {name: one.compared for name, one in tables.items()} == dict.fromkeys(TABLES, ROWS)


async def test_a_table_that_is_altered_meanwhile_is_verified_anew(road: Road) -> None:
    async with road.going():
        await road.settled()
        asking = asyncio.create_task(verified(road))
        await asyncio.sleep(0.5)
        await road.source.change("ALTER TABLE numbers ADD COLUMN later INT DEFAULT 5")

        tables, differences = await asking

    assert differences == []
    assert tables["numbers"].equal == ROWS


async def test_rows_in_the_dead_letters_are_counted_apart(make_road: RoadFactory) -> None:
    road = make_road(zero_dates="refuse")
    await asyncio.to_thread(
        road.source.run,
        "SET sql_mode = ''",
        "CREATE TABLE days (id INT PRIMARY KEY, day DATE)",
        "INSERT INTO days VALUES (1, '2024-02-29'), (2, '0000-00-00')",
    )
    async with road.going():
        await road.settled()

        tables, differences = await verified(road, ["days"])

    days = tables["days"]
    assert (days.compared, days.equal, days.dead_letters) == (1, 1, 1)
    assert differences == []


async def test_a_table_that_is_not_migrated_says_why(road: Road) -> None:
    async with road.going():
        await road.settled()

        tables, _ = await verified(road, ["nothing"])

    assert tables["nothing"].why_not == "It is not migrated, or no longer."
