"""Publishing to a queue, all that is in it, and waiting for a fact."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from migrator.broker.consumer import Consumer
from migrator.broker.publisher import Publisher, SendLimits
from migrator.model.batch import Batch


@asynccontextmanager
async def publishing(
    url: str, name: str, partitions: int = 1, limits: SendLimits | None = None
) -> AsyncIterator[Publisher]:
    """A publisher that runs."""
    publisher = Publisher(url, name, partitions, limits or SendLimits())
    running = asyncio.create_task(publisher.run())
    yield publisher
    running.cancel()
    await asyncio.wait({running})


async def first_batches(consumer: Consumer, count: int) -> list[Batch]:
    """The next batches, at least `count` of them, not settled."""
    found: list[Batch] = []
    async for deliveries in consumer.batches():
        found += [delivery.batch for delivery in deliveries]
        if len(found) >= count:
            break
    return found


async def taken(url: str, name: str, count: int, partition: int = 0) -> list[int]:
    """The sequence numbers of what is in a queue until `count` different ones came, settled."""
    numbers: list[int] = []
    async with Consumer(url, name, partition) as consumer, asyncio.timeout(15):
        async for deliveries in consumer.batches():
            numbers += [delivery.batch.id.sequence for delivery in deliveries]
            await consumer.settle(len(deliveries))
            if len(set(numbers)) >= count:
                break
    return numbers


def without_repeats(numbers: Iterable[int]) -> list[int]:
    """What a loader keeps: each number that is above all before it."""
    kept: list[int] = []
    for number in numbers:
        if not kept or number > kept[-1]:
            kept.append(number)
    return kept


async def until(fact: Callable[[], bool], timeout_s: float = 15) -> None:
    """Wait for a fact."""
    async with asyncio.timeout(timeout_s):
        while not fact():
            await asyncio.sleep(0.02)
