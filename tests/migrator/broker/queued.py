"""Publishing to a queue, all that is in it, and waiting for a fact."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from migrator.broker.consumer import Consumer, Delivery
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


async def first_deliveries(consumer: Consumer, count: int) -> list[Delivery]:
    """The next deliveries, at least `count` of them, not acknowledged."""
    found: list[Delivery] = []
    async for deliveries in consumer.deliveries():
        found += deliveries
        if len(found) >= count:
            break
    return found


async def first_batches(consumer: Consumer, count: int) -> list[Batch]:
    """The next batches, at least `count` of them, not acknowledged."""
    return [delivery.batch for delivery in await first_deliveries(consumer, count)]


async def taken(url: str, name: str, count: int, partition: int = 0) -> list[int]:
    """The sequence numbers in a queue until `count` different ones came, acknowledged."""
    numbers: list[int] = []
    async with Consumer.connect(url, name, partition) as consumer, asyncio.timeout(15):
        async for deliveries in consumer.deliveries():
            numbers += [delivery.batch.id.sequence for delivery in deliveries]
            await deliveries[-1].acknowledge()
            if len(set(numbers)) >= count:
                break
    return numbers


async def drained(publisher: Publisher) -> None:
    """Wait until everything that was put is confirmed."""
    await until(lambda: not publisher.in_flight, timeout_s=60)


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
