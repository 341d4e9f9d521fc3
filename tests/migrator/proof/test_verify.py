"""Both halves are killed while they verify under the whole workload."""

import asyncio
import time

from migrator.model.table import TableName
from migrator.settings import Settings
from migrator.state.store import State
from migrator.state.verification import Difference, Request, TableVerification, Verifications
from tests.migrator.proof.conftest import MakeRoad
from tests.migrator.proof.harness import Road

TIMEOUT_S = 90
POLL_S = 0.2
# The workload gives these no other definition, and no other rows with the planted keys.
TABLES = ("accounts", "swaps", "placements", "words", "by_huge", "by_bytes", "order_lines")


async def ask(road: Road, request: Request) -> None:
    async with State.connect(settings(road), "verify") as state:
        await Verifications(state).ask(request)


async def seen(
    road: Road, request: Request
) -> tuple[tuple[TableVerification, ...], tuple[Difference, ...]]:
    async with State.connect(settings(road), "verify") as state:
        verifications = Verifications(state)
        found = await verifications.tables(request.id)
        return found, tuple(await verifications.differences(1_000))


def settings(road: Road) -> Settings:
    return Settings(target_url=road.servers.target.url)


def finished(road: Road, request: Request) -> tuple[Difference, ...]:
    """The differences, when all tables have been compared."""
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        tables, differences = asyncio.run(seen(road, request))
        if len(tables) == len(request.tables) and all(one.done for one in tables):
            assert all(one.compared >= one.equal > 0 for one in tables)
            return differences
        assert not any(one.why_not for one in tables), tables
        time.sleep(POLL_S)
    raise AssertionError(
        f"Not verified in {TIMEOUT_S} s: {tables}.{road.capture.tail()}{road.apply.tail()}"
    )


def test_a_verification_is_killed_at_both_ends(make_road: MakeRoad) -> None:
    road = make_road(seed=71, rows=300, settings={"MIGRATOR_CHUNK_ROWS": "20"})
    road.start()
    road.begin()
    tables = tuple(TableName(road.source.database, name) for name in TABLES)
    sound = Request("sound", tables)

    asyncio.run(ask(road, sound))
    for program, point in (
        (road.capture, "after_publish:9"),
        (road.apply, "in_transaction:5"),
        (road.capture, "after_confirm:7"),
        (road.apply, "after_load:5"),
    ):
        program.die_at(point)
        time.sleep(0.3)
    differences = finished(road, sound)

    assert differences == ()

    target = road.client[road.source.database]
    target.swaps.insert_one({"_id": -5, "id": -5})
    target.words.insert_one({"_id": "no such word", "word": "no such word"})
    planted = Request("planted", tables, repair=True)
    asyncio.run(ask(road, planted))
    differences = finished(road, planted)

    assert sorted((one.table.name, one.key, one.kind.value) for one in differences) == [
        ("swaps", -5, "extra"),
        ("words", "no such word", "extra"),
    ]
    road.reader.stop()
    road.conclude()
