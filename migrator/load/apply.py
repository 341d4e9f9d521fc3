"""The half that loads: batches from the queues become documents, and are then acknowledged.

    queue -> Consumer -> OwnedPartition -> PartitionWriter -> MongoDB

One consumer of a partition is active; further processes stand by. The process that gets the
first batch takes the partition over, which ends what its predecessor had begun.
"""

import asyncio
import os
from collections.abc import Sequence

import structlog

from migrator.broker.consumer import Consumer, Delivery
from migrator.errors import Fenced, MigratorError, TargetUnavailable
from migrator.load.partition import LoadCounters, OwnedPartition
from migrator.load.sequencing import ATOMIC_BATCHES_MAX, AtomicLimits
from migrator.observe.reports import REPORT_INTERVAL_S, ApplyReport, Role
from migrator.runtime.backoff import Backoff
from migrator.runtime.tasks import run_until_first_failure
from migrator.settings import Server, Settings
from migrator.state.store import State

# All parts of one source transaction must be in hand before the first is acknowledged.
PREFETCH = ATOMIC_BATCHES_MAX + 64

log = structlog.get_logger()


async def apply(settings: Settings, partitions: Sequence[int] | None = None) -> None:
    """Load what the queues hold until it is cancelled; all partitions, or some.

    Raises errors that another attempt would meet again: `StateDamaged`, `TargetError`,
    `BrokerError`.
    """
    chosen = range(settings.partitions) if partitions is None else partitions
    async with State.connect(settings, "apply") as state, state.reporting(Role.APPLY):
        workers = [PartitionWorker(settings, state, number) for number in chosen]
        tasks = {f"partition {worker.partition}": worker.run() for worker in workers}
        counters = [worker.counters for worker in workers]
        await run_until_first_failure(**tasks, reports=_keep_reporting(state, counters))


class PartitionWorker:
    """Loads one partition, over one connection to the broker after another."""

    def __init__(self, settings: Settings, state: State, partition: int) -> None:
        self.partition = partition
        self.counters = LoadCounters()
        self._settings = settings
        self._state = state
        self._backoff = Backoff()

    async def run(self) -> None:
        """Load until cancelled; raises errors that a new connection would meet again."""
        while True:
            try:
                await self._consume()
            except Fenced as error:
                log.warning(f"{error} This process stands by.")
                await asyncio.sleep(self._backoff.next())
            except MigratorError as error:
                if not error.retryable:
                    raise
                self.counters.retries += 1
                await self._backoff.pause(error, "Loading goes on")

    async def _consume(self) -> None:
        """Load what arrives over one connection, until it breaks."""
        limits = AtomicLimits(rows=self._settings.atomic_rows_max)
        url, name = self._settings.url(Server.BROKER), self._settings.name
        owned: OwnedPartition | None = None
        unsettled: list[Delivery] = []
        async with Consumer.connect(url, name, self.partition, PREFETCH) as consumer:
            async for deliveries in consumer.deliveries():
                owned = owned or await OwnedPartition.own(
                    self._state, self.partition, limits, self.counters
                )
                unsettled += deliveries
                settled = await owned.load([delivery.batch for delivery in deliveries])
                if settled:
                    await unsettled[settled - 1].acknowledge()
                    del unsettled[:settled]
                self._backoff.reset()


async def _keep_reporting(state: State, counters: Sequence[LoadCounters]) -> None:
    while True:
        report = ApplyReport(
            pid=os.getpid(),
            rows=sum(each.rows for each in counters),
            repeats=sum(each.repeats for each in counters),
            retries=sum(each.retries for each in counters),
        )
        try:
            await state.report(Role.APPLY, report.to_document())
        except TargetUnavailable as error:
            log.warning(f"{error} This report is skipped.")
        await asyncio.sleep(REPORT_INTERVAL_S)
