"""A broker that freezes: a private one, because nobody else may suffer."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.broker.consumer import Consumer
from migrator.errors import BrokerUnavailable
from servers.process import free_port
from servers.rabbitmq import RabbitMQ
from tests.migrator.batches import batch
from tests.migrator.broker.queued import (
    drained,
    first_batches,
    publishing,
    taken,
    until,
    without_repeats,
)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RabbitMQ]:
    """A running broker of this test's own."""
    private = RabbitMQ(tmp_path, port=free_port(0))
    private.start()
    yield private
    private.kill()  # Quicker than to stop it, and nobody misses it.
    private.stop()


async def test_a_frozen_broker_is_noticed_by_both_sides(broker: RabbitMQ) -> None:
    impatient = f"{broker.url}?heartbeat=1"
    async with (
        publishing(impatient, "frozen", 1) as publisher,
        Consumer.connect(impatient, "frozen", 0) as consumer,
    ):
        publisher.put(batch(1))
        await drained(publisher)
        await first_batches(consumer, 1)

        broker.pause()
        try:
            publisher.put(batch(2))
            with pytest.raises(BrokerUnavailable, match="no longer answers"):
                await asyncio.wait_for(anext(consumer.deliveries()), 12)
            await until(lambda: publisher.reconnects > 0)
        finally:
            broker.resume()
        publisher.put(batch(3))
        await drained(publisher)

    assert without_repeats(await taken(broker.url, "frozen", 3)) == [1, 2, 3]
