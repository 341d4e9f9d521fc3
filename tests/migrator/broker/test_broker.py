"""A broker that dies: a private one, because nobody else may suffer."""

import asyncio
from collections.abc import Iterator

import pytest

from servers.process import free_port
from servers.rabbitmq import QUORUM_QUEUE_SETTLES_S, RabbitMQ
from tests.migrator.batches import batch
from tests.migrator.broker.queued import drained, publishing, taken, until, without_repeats


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    """A running broker of this file's own."""
    private = RabbitMQ(tmp_path_factory.mktemp("servers"), port=free_port(0))
    private.start()
    yield private
    private.kill()  # Quicker than to stop it, and nobody misses it.
    private.stop()


async def test_a_killed_broker_loses_nothing_that_was_confirmed(broker: RabbitMQ) -> None:
    async with publishing(broker.url, "killed", 1) as publisher:
        publisher.put(batch(1))
        await drained(publisher)
        await asyncio.sleep(QUORUM_QUEUE_SETTLES_S)
        for number in range(2, 1001):
            publisher.put(batch(number, size=3000))
        await until(lambda: publisher.in_flight < 700)
        broker.kill()
        confirmed = 1000 - publisher.in_flight
    assert confirmed < 1000, "The broker was killed too late to prove anything."
    await asyncio.to_thread(broker.start)

    # The publisher is gone: what is in the queue now is what the broker had on disk. (How
    # deep it is, the broker knows only after a while.)
    numbers = await taken(broker.url, "killed", confirmed)
    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_publisher_outlives_a_killed_broker(broker: RabbitMQ) -> None:
    async with publishing(broker.url, "outlived", 1) as publisher:
        for number in range(1, 201):
            publisher.put(batch(number))
        await drained(publisher)
        await asyncio.sleep(QUORUM_QUEUE_SETTLES_S)
        for number in range(201, 401):
            publisher.put(batch(number, size=30_000))
        broker.kill()
        await asyncio.to_thread(broker.start)
        for number in range(401, 601):
            publisher.put(batch(number))
        await drained(publisher)
        assert publisher.reconnects > 0

    assert without_repeats(await taken(broker.url, "outlived", 600)) == list(range(1, 601))
