"""The half as a whole: from the queue into MongoDB, and the acknowledgement after that."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from migrator.broker.queues import queue_depth
from migrator.load.apply import apply
from migrator.model.batch import Batch
from migrator.settings import Settings
from tests.migrator.broker.queued import drained, publishing
from tests.migrator.load.scene import PARTITION, Scene

PARTITIONS = PARTITION + 1


@pytest.fixture
def settings(scene: Scene, broker_url: str, shared_url: str, migration: str) -> Settings:
    return Settings(
        source_url="mysql://nobody@127.0.0.1:1",
        broker_url=broker_url,
        target_url=shared_url,
        name=migration,
        state_database=f"_{scene.database}",
        databases=(scene.database,),
        partitions=PARTITIONS,
    )


async def publish(settings: Settings, *batches: Batch) -> None:
    """Put batches into their queue."""
    url = settings.broker_url.get_secret_value()
    async with publishing(url, settings.name, PARTITIONS) as publisher:
        for batch in batches:
            publisher.put(batch)
        await drained(publisher)


@asynccontextmanager
async def applying(settings: Settings) -> AsyncIterator[None]:
    """Apply works for as long as the block runs."""
    half = asyncio.create_task(apply(settings, [PARTITION]))
    try:
        yield
    finally:
        half.cancel()
        await asyncio.wait({half})


async def reported(scene: Scene, **counts: int) -> None:
    """Wait until apply reports these counts; what it counted is acknowledged by then."""
    async with asyncio.timeout(15):
        while not counts.items() <= (await scene.state.reports()).get("apply", {}).items():
            await asyncio.sleep(0.05)


async def test_what_has_landed_is_acknowledged(scene: Scene, settings: Settings) -> None:
    batches = [scene.batch(scene.put({"_id": number})) for number in range(5)]
    await publish(settings, *batches)

    async with applying(settings):
        await reported(scene, rows=5, repeats=0, retries=0)

    assert await scene.rows() == [{"_id": number} for number in range(5)]
    assert await queue_depth(settings.broker_url.get_secret_value(), settings.name, 4) == 0


async def test_the_report_of_a_process_that_ends_is_withdrawn_and_no_other(
    scene: Scene, settings: Settings
) -> None:
    async with applying(settings):
        await reported(scene, rows=0)

    assert await scene.state.reports() == {}

    async with applying(settings):
        await reported(scene, rows=0)
        await scene.state.report("apply", {"pid": -1})

    assert (await scene.state.reports())["apply"]["pid"] == -1


async def test_a_repeat_is_acknowledged_and_reported(scene: Scene, settings: Settings) -> None:
    first, second = (scene.batch(scene.put({"_id": number})) for number in range(2))
    await publish(settings, first, second)
    async with applying(settings):
        await reported(scene, rows=2)
    await publish(settings, first, second, scene.batch(scene.put({"_id": 2})))

    async with applying(settings):
        await reported(scene, rows=1, repeats=2)

    assert await queue_depth(settings.broker_url.get_secret_value(), settings.name, 4) == 0


async def test_parts_of_a_transaction_are_delivered_again_to_a_successor(
    scene: Scene, settings: Settings
) -> None:
    whole = scene.batch(scene.put({"_id": 0}))
    parts = [scene.batch(scene.put({"_id": n}), complete=n == 2) for n in (1, 2)]
    await publish(settings, whole, parts[0])
    async with applying(settings):
        await reported(scene, rows=1)
    await publish(settings, parts[1])

    async with applying(settings):
        await reported(scene, rows=2, repeats=0)

    assert await scene.rows() == [{"_id": number} for number in range(3)]
