"""Watches how far apply has come, and whether a batch is missing there."""

import asyncio
from collections.abc import Sequence

import structlog

from migrator.broker.publisher import Publisher
from migrator.capture.stream.timeline import Timeline
from migrator.errors import Fenced, Gap, TargetUnavailable
from migrator.model.state import Landed
from migrator.state.store import State

INTERVAL_S = 0.5
BEATS_MAX = 200

log = structlog.get_logger()


class LandingWatch:
    """Sends heartbeat batches and reads what has landed, twice a second.

    `epochs` holds this session's epoch of each partition; `landed` is what was read last.
    """

    def __init__(
        self, state: State, timeline: Timeline, publisher: Publisher, epochs: Sequence[int]
    ) -> None:
        self.landed: tuple[Landed, ...] = ()
        self._state = state
        self._timeline = timeline
        self._publisher = publisher
        self._epochs = epochs

    async def run(self) -> None:
        """Raises `Gap` when apply misses a batch, `Fenced` when another capture has started."""
        while True:
            # On a quiet source a heartbeat batch moves the position and makes a gap visible.
            if self._publisher.beats < BEATS_MAX:
                self._timeline.beat()
            try:
                self.landed = await self._state.landed()
                for landed in self.landed:
                    self._check(landed)
                    self._publisher.landed(landed)
            except TargetUnavailable as error:
                # The stream goes on: RabbitMQ keeps what MongoDB cannot take now.
                log.warning(f"{error} The state is read again in {INTERVAL_S} s.")
            await asyncio.sleep(INTERVAL_S)

    def _check(self, landed: Landed) -> None:
        if landed.batch.epoch > self._epochs[landed.partition]:
            raise Fenced(
                "Another capture process of the same migration has started. Stop one of the two: "
                "a migration has exactly one capture."
            )
        if landed.gap is not None:
            raise Gap(landed.gap)
