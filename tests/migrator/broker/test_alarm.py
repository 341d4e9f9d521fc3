"""A broker without room: it takes nothing for a while, and that is no failure."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrator.broker.publisher import SendLimits
from servers.process import free_port
from servers.rabbitmq import RabbitMQ
from tests.migrator.batches import batch
from tests.migrator.broker.queued import drained, publishing, taken, until

MARGIN_BYTES = 1 << 29


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
    private.kill()  # Quicker than to stop it, and nobody misses it.
    private.stop()


async def test_a_full_disk_holds_the_publisher_up_and_nothing_breaks(
    broker: NearlyFull, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The alarm lasts longer.
    monkeypatch.setattr("migrator.broker.publisher.CONFIRM_TIMEOUT_S", 2.5)
    sent = 0

    async def send_on() -> None:
        nonlocal sent
        while True:
            await publisher.room()
            publisher.put(batch(sent + 1, size=20_000))
            sent += 1
            await asyncio.sleep(0.01)

    async with publishing(broker.url, "full", 1, SendLimits(buffer_bytes=500_000)) as publisher:
        broker.raise_alarm()
        sending = asyncio.create_task(send_on())
        await until(lambda: publisher.is_blocked)
        await asyncio.sleep(1)
        held_at = sent
        await asyncio.sleep(1)
        assert (sent, publisher.is_blocked) == (held_at, True)
        assert publisher.in_flight == 25

        broker.clear_alarm()
        await until(lambda: sent > held_at and not publisher.is_blocked)
        sending.cancel()
        await asyncio.wait({sending})
        await drained(publisher)

        assert publisher.reconnects == 0
    assert await taken(broker.url, "full", sent) == list(range(1, sent + 1))
