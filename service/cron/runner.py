"""Running the schedule in this process.

aiocron only starts the check. It reads the wall clock once, so after a clock step or on a
machine that was suspended it fires at the wrong time; it lets runs overlap, loses their
errors and awaits nothing. So every firing, and a watchdog twice a minute, calls `poke`,
which asks the wall clock for the tick and the ledger for the right to run it.
"""

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

import aiocron
import structlog

from service.clock import utc_now
from service.cron.execution import execute
from service.cron.ledger import Ledger
from service.cron.schedule import CatchUp, Job
from service.cron.ticks import Tick, check_spec, latest_tick
from service.errors import ErrorCode, reject
from service.models import JobOutcome, JobRun
from service.operations.jobs import JobInfo

CLAIM_TIMEOUT_S = 20.0
CANCEL_TIMEOUT_S = 5.0
STOP_GRACE_S = 15.0
RING_DELAY_S = 0.05
"""aiocron may fire some milliseconds early: uvloop's clock has that resolution."""

log = structlog.get_logger("service.cron")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Polling intervals, and how late a tick or a heartbeat may be before it counts as missed."""

    watchdog_s: float = 30.0
    lateness_s: float = 60.0
    """A tick that is noticed later than this was missed; the watchdog had several chances."""
    heartbeat_s: float = 10.0
    stale_s: float = 60.0
    """A run without a heartbeat for this long is taken for dead."""


class CronRunner:
    """Runs jobs when they are due; it is started once, and `stop` leaves no task running.

    Raises `ConfigurationError` for a spec that names no moment.
    """

    def __init__(
        self,
        jobs: tuple[Job, ...],
        zone: tzinfo,
        clock: Callable[[], datetime] = utc_now,
        timing: Timing = Timing(),
    ) -> None:
        for job in jobs:
            check_spec(job.name, job.spec)
        self._jobs = {job.name: job for job in jobs}
        self._zone = zone
        self._clock = clock
        self._timing = timing
        owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._ledger = Ledger(owner, timedelta(seconds=timing.stale_s), clock)
        self._ticks_at_start: dict[str, datetime] = {}
        self._timers: list[aiocron.Cron] = []
        self._watchdog: asyncio.Task[JobRun | None] | None = None
        self._stopping = False
        # The event loop keeps only weak references; these keep the tasks alive.
        self._tasks: set[asyncio.Task[JobRun | None]] = set()

    def start(self) -> None:
        """Start the timers and the watchdog, whose first round looks for missed ticks."""
        loop, now = asyncio.get_running_loop(), self._clock()
        for name, job in self._jobs.items():
            self._ticks_at_start[name] = latest_tick(job.spec, now, self._zone)
            self._timers.append(
                aiocron.crontab(
                    job.spec, self._ring, args=(name,), start=False, loop=loop, tz=self._zone
                )
            )
        self._watchdog = self._spawn(self._watch(), "cron watchdog")

    async def stop(self, grace_s: float = STOP_GRACE_S) -> None:
        """Stop the timers, wait up to `grace_s` for running jobs, then cancel and abandon them."""
        self._stopping = True
        for timer in self._timers:
            timer.stop()
        if self._watchdog is not None:
            self._watchdog.cancel()
        await self._settle(grace_s)
        for task in self._tasks:
            task.cancel()
        await self._settle(CANCEL_TIMEOUT_S)

    async def _settle(self, timeout_s: float) -> None:
        # In rounds, because a task may spawn another one before it sees the stop.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while self._tasks:
                    await asyncio.wait(self._tasks)

    def jobs(self) -> list[JobInfo]:
        """The schedule, with the next time of each job."""
        now = self._clock()
        return [job.info(now, self._zone) for job in self._jobs.values()]

    async def run_now(self, name: str) -> JobRun:
        """Run a job to its end, outside the schedule, even if the caller is cancelled.

        Raises `Rejected`: NOT_FOUND for an unknown name, ALREADY_RUNNING while it runs.
        """
        job = self._jobs.get(name)
        if job is None:
            known = ", ".join(self._jobs)
            raise reject(ErrorCode.NOT_FOUND, f"There is no job {name!r}, only {known}.", "name")
        run = await asyncio.shield(self._spawn(self._run_now(job), f"manual {name}"))
        if run is None:
            raise reject(ErrorCode.ALREADY_RUNNING, f"{name} is running at this moment.", "name")
        return run

    async def _run_now(self, job: Job) -> JobRun | None:
        async with asyncio.timeout(CLAIM_TIMEOUT_S):
            run = await self._ledger.claim_now(job.name)
        return await self._execute(job, run) if run is not None else None

    async def poke(self, name: str) -> JobRun | None:
        """Run the job's latest tick if it is due and not taken; return how it ended."""
        if self._stopping:
            return None
        job, now = self._jobs[name], self._clock()
        tick = latest_tick(job.spec, now, self._zone)
        async with asyncio.timeout(CLAIM_TIMEOUT_S):
            may_open = await self._may_open(job, tick, now)
            run = await self._ledger.claim_tick(
                name, tick, attempts_max=job.attempts_max, may_open=may_open
            )
        if run is not None and run.outcome is JobOutcome.SKIPPED:
            log.warning("job skipped", job=name, scheduled_for=tick.isoformat(), reason=run.error)
            return run
        return await self._execute(job, run) if run is not None else None

    async def _may_open(self, job: Job, tick: datetime, now: datetime) -> bool:
        """Whether a tick that no process has opened is still to be run."""
        if tick != self._ticks_at_start.get(job.name):
            self._ticks_at_start.pop(job.name, None)
            if now - tick <= timedelta(seconds=self._timing.lateness_s):
                return True
        # The tick was missed, unless the shop did not exist then.
        return job.catch_up is CatchUp.LATEST and await self._ledger.has_history(before=tick)

    async def _execute(self, job: Job, run: JobRun) -> JobRun:
        log.info("job started", job=job.name, run=run.id, attempt=run.attempt)
        tick = Tick(run.scheduled_for, self._zone)
        await execute(self._ledger, job, run, tick, self._timing.heartbeat_s)
        return await JobRun.get(id=run.id)

    async def _watch(self) -> None:
        while True:
            for timer in self._timers:
                timer.start()  # Each time, since only this makes aiocron read the wall clock.
            self._spawn(self._round(), "cron round")
            await asyncio.sleep(self._timing.watchdog_s)

    async def _round(self) -> None:
        async with asyncio.timeout(CLAIM_TIMEOUT_S):
            for run in await self._ledger.abandon_stale():
                log.warning("job abandoned", job=run.job, run=run.id, owner=run.owner)
        for name in self._jobs:
            self._spawn(self.poke(name), f"cron {name}")

    def _ring(self, name: str) -> None:
        self._spawn(self._poke_soon(name), f"cron {name}")

    async def _poke_soon(self, name: str) -> JobRun | None:
        await asyncio.sleep(RING_DELAY_S)
        return await self.poke(name)

    def _spawn(
        self, work: Coroutine[None, None, JobRun | None], name: str
    ) -> asyncio.Task[JobRun | None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._on_done)
        return task

    def _on_done(self, task: asyncio.Task[JobRun | None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            # Nothing awaits the task. The database may be down; the watchdog tries again.
            log.error("cron failed", task=task.get_name(), exc_info=error)
