"""The loading half: batches from the queue become documents, and are acknowledged then.

    queue -> Consumer -> Loader -> MongoDB

One consumer of a partition is active; further processes stand by. Whoever gets the first
batch takes the partition over, which ends whatever a predecessor had begun.
"""

import asyncio
import os
from collections.abc import Sequence

import structlog

from migrator.broker.consumer import Consumer
from migrator.errors import Fenced, MigratorError, TargetUnavailable
from migrator.load.loader import Loader
from migrator.load.sequencing import ATOMIC_BATCHES_MAX
from migrator.model.batch import Batch
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

    Raises what another try cannot mend: `StateDamaged`, `TargetError`, `BrokerError`.
    """
    chosen = range(settings.partitions) if partitions is None else partitions
    async with State.connect(settings, "apply") as state:
        workers = [Worker(settings, state, number) for number in chosen]
        tasks = {f"partition {worker.partition}": worker.run() for worker in workers}
        await run_until_first_failure(**tasks, reports=_report(state, workers))


class Worker:
    """Loads one partition, over one connection after another."""

    def __init__(self, settings: Settings, state: State, partition: int) -> None:
        self.partition = partition
        self.rows = self.transactions = self.batches = self.repeats = self.retries = 0
        self._settings = settings
        self._state = state
        self._backoff = Backoff()

    async def run(self) -> None:
        """Load for ever; raises what a new connection does not mend."""
        while True:
            try:
                await self._work()
            except Fenced as error:
                log.warning(f"{error} This process stands by.")
                await asyncio.sleep(self._backoff.next())
            except MigratorError as error:
                if not error.retryable:
                    raise
                self.retries += 1
                await self._backoff.pause(error, "Loading goes on")

    async def _work(self) -> None:
        settings = self._settings
        url, name = settings.url(Server.BROKER), settings.name
        loader = Loader(self._state, self.partition, settings.atomic_rows_max)
        is_owner = False
        async with Consumer(url, name, self.partition, prefetch=PREFETCH) as consumer:
            async for deliveries in consumer.batches():
                if not is_owner:
                    await loader.own()
                    is_owner = True
                batches = [delivery.batch for delivery in deliveries]
                before = loader.repeats
                settled = await loader.load(batches)
                self.repeats += loader.repeats - before
                self._count(batches)
                await consumer.settle(settled)
                self._backoff.reset()

    def _count(self, batches: Sequence[Batch]) -> None:
        self.batches += len(batches)
        for batch in batches:
            self.rows += batch.count
            self.transactions += batch.transactions


async def _report(state: State, workers: Sequence[Worker]) -> None:
    while True:
        report = ApplyReport(
            pid=os.getpid(),
            rows=sum(worker.rows for worker in workers),
            transactions=sum(worker.transactions for worker in workers),
            batches=sum(worker.batches for worker in workers),
            repeats=sum(worker.repeats for worker in workers),
            retries=sum(worker.retries for worker in workers),
        )
        try:
            await state.report(Role.APPLY, report.to_document())
        except TargetUnavailable as error:
            log.warning(f"{error} The report is left out.")
        await asyncio.sleep(REPORT_INTERVAL_S)
