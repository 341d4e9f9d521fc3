"""A broker that dies, freezes or has no room: a private one, because nobody else may suffer."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.broker import queue_name
from migrator.changes import Stamp
from migrator.consume import Consumer
from migrator.errors import BrokerUnavailable
from migrator.publish import Publisher
from migrator.queues import queue_depth
from tests.migrator.batches import batch
from tests.migrator.broker_road import first_batches, taken, until, without_repeats
from tests.servers.process import free_port
from tests.servers.rabbitmq import QUORUM_QUEUE_SETTLES_S, RabbitMQ

MARGIN_BYTES = 1 << 30


class NearlyFull(RabbitMQ):
    """A broker whose disk alarm is raised by a file of twice MARGIN_BYTES."""

    def _configure(self, port: int) -> None:
        super()._configure(port)
        limit = shutil.disk_usage(self.process.folder).free - MARGIN_BYTES
        file = self.process.folder / "rabbitmq.conf"
        file.write_text(file.read_text().replace("200MB", str(max(limit, 1))))

    def raise_alarm(self) -> None:
        """Let the disk be too full."""
        with self._ballast.open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, 2 * MARGIN_BYTES)

    def clear_alarm(self) -> None:
        """Let there be room again."""
        self._ballast.unlink(missing_ok=True)

    @property
    def _ballast(self) -> Path:
        return self.process.folder / "ballast"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NearlyFull]:
    """A running broker of this file's own."""
    private = NearlyFull(tmp_path_factory.mktemp("servers"), port=free_port(0))
    private.start()
    yield private
    private.clear_alarm()
    private.resume()
    private.stop()


async def test_a_full_disk_holds_the_publisher_up_and_nothing_breaks(broker: NearlyFull) -> None:
    async with Publisher(broker.url, "full", 1, window_bytes=500_000) as publisher:
        await publisher.send(batch(1))
        await publisher.drain()
        broker.raise_alarm()
        await asyncio.sleep(0.5)

        async def send_all() -> None:
            for number in range(2, 102):
                await publisher.send(batch(number, size=20_000))
                await asyncio.sleep(0.01)

        sending = asyncio.create_task(send_all())
        await until(lambda: publisher.blocked)
        await asyncio.sleep(1)
        assert not sending.done()
        assert publisher.in_flight_bytes <= 500_000

        broker.clear_alarm()
        await asyncio.wait_for(sending, 15)
        await publisher.drain()
        assert publisher.reconnects == 0

    assert await taken(broker.url, "full", 101) == list(range(1, 102))


async def test_a_frozen_broker_is_noticed_by_both_sides(broker: NearlyFull) -> None:
    impatient = f"{broker.url}?heartbeat=1"
    async with (
        Publisher(impatient, "frozen", 1) as publisher,
        Consumer(impatient, "frozen", 0) as consumer,
    ):
        await publisher.send(batch(1))
        await publisher.drain()
        await first_batches(consumer, 1)

        broker.pause()
        try:
            await publisher.send(batch(2))
            with pytest.raises(BrokerUnavailable, match="fell silent"):
                await asyncio.wait_for(anext(consumer.batches()), 12)
            await until(lambda: publisher.reconnects > 0)
        finally:
            broker.resume()
        await publisher.send(batch(3))
        await publisher.drain()

    assert without_repeats(await taken(broker.url, "frozen", 3)) == [1, 2, 3]


async def test_a_killed_broker_loses_nothing_that_was_confirmed(broker: NearlyFull) -> None:
    async with Publisher(broker.url, "killed", 1) as publisher:
        await publisher.send(batch(1))
        await publisher.drain()
        await asyncio.sleep(QUORUM_QUEUE_SETTLES_S)
        for number in range(2, 1001):
            await publisher.send(batch(number, size=3000))
        await until(lambda: (publisher.confirmed(0) or Stamp(1, 0)).sequence > 300)
        broker.kill()
        stamp = publisher.confirmed(0)
    assert stamp is not None
    assert stamp.sequence < 1000, "The broker was killed too late to prove anything."
    await asyncio.to_thread(broker.start)

    # The publisher is gone: what is in the queue now is what the broker had on disk.
    depth = await queue_depth(broker.url, "killed", 1)
    assert depth >= stamp.sequence
    assert await taken(broker.url, "killed", depth) == list(range(1, depth + 1))


async def test_a_publisher_outlives_a_killed_broker(broker: NearlyFull) -> None:
    async with Publisher(broker.url, "killed", 1) as publisher:
        for number in range(1, 201):
            await publisher.send(batch(number))
        await publisher.drain()
        for number in range(201, 401):
            await publisher.send(batch(number))
        broker.kill()
        await asyncio.to_thread(broker.start)
        for number in range(401, 601):
            await publisher.send(batch(number))
        await publisher.drain()
        assert publisher.reconnects > 0

    assert without_repeats(await taken(broker.url, "killed", 600)) == list(range(1, 601))
    assert queue_name("killed", 0) == "killed.0"
