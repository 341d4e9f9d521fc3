"""Running the schedule in this process.

aiocron only rings the bell. It reads the wall clock once, so after a clock step
or a suspended machine it rings at the wrong time; it lets runs overlap and loses
their errors. So each ring, and a watchdog every half minute, leads to `poke`,
which asks the wall clock which tick is due and the ledger whether it is ours.
"""

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta, tzinfo
from typing import Any

import aiocron
import structlog

from service.clock import utc_now
from service.cron.ledger import HEARTBEAT_INTERVAL_S, Ledger
from service.cron.schedule import Job, check_specs
from service.errors import ErrorCode, reject
from service.models import JobOutcome, JobRun, JobTrigger
from service.operations.jobs import JobInfo

log = structlog.get_logger("service.cron")

WATCHDOG_INTERVAL_S = 30.0
PUNCTUAL_WITHIN = timedelta(seconds=90)
"""A tick that is older was missed: three watchdog rounds have had their chance."""
STOP_GRACE_S = 15.0


class CronRunner:
    """Runs jobs when they are due; `stop` leaves none behind."""

    def __init__(
        self, jobs: tuple[Job, ...], zone: tzinfo, clock: Callable[[], datetime] = utc_now
    ) -> None:
        check_specs(jobs, clock(), zone)
        self._jobs = {job.name: job for job in jobs}
        self._zone = zone
        self._clock = clock
        self._ledger = Ledger(f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}")
        self._timers: list[aiocron.Cron] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: set[str] = set()

    def start(self) -> None:
        """Start the timers and the watchdog, and look at once for missed ticks."""
        loop = asyncio.get_running_loop()
        for job in self._jobs.values():
            timer = aiocron.crontab(
                job.spec, self._ring, args=(job,), start=False, loop=loop, tz=self._zone
            )
            timer.start()
            self._timers.append(timer)
        self._spawn(self._watch(), "cron watchdog")

    async def stop(self, grace_s: float = STOP_GRACE_S) -> None:
        """Stop the timers, give running jobs a while, then cancel them."""
        for timer in self._timers:
            timer.stop()
        self._timers.clear()
        for task in self._tasks:
            if task.get_name() == "cron watchdog":
                task.cancel()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def jobs(self) -> list[JobInfo]:
        """The schedule, with the next time of each job."""
        now = self._clock()
        return [
            JobInfo(
                name=job.name,
                spec=job.spec,
                time_zone=str(self._zone),
                description=job.description,
                next_run_at=job.next_tick(now, self._zone),
            )
            for job in self._jobs.values()
        ]

    async def run_now(self, name: str) -> JobRun:
        """Run a job to its end, outside the schedule.

        Raises `Rejected`: NOT_FOUND for an unknown name, ALREADY_RUNNING while it runs.
        """
        job = self._jobs.get(name)
        if job is None:
            known = ", ".join(self._jobs)
            raise reject(ErrorCode.NOT_FOUND, f"There is no job {name!r}, only {known}.", "name")
        now = self._clock()
        await self._ledger.give_up_stale(now)
        if name in self._busy or await self._ledger.is_running(name, now):
            raise reject(ErrorCode.ALREADY_RUNNING, f"{name} is running at this moment.", "name")
        run = await self._ledger.claim(name, now, now, trigger=JobTrigger.MANUAL)
        if run is None:
            raise reject(ErrorCode.ALREADY_RUNNING, f"{name} was started just now.", "name")
        await self._execute(job, run)
        return await JobRun.get(id=run.id)

    async def poke(self, job: Job) -> None:
        """Run the job's latest tick, if it is due and nobody else has it."""
        now = self._clock()
        tick = job.latest_tick(now, self._zone)
        run = await self._claim(job, tick, now)
        if run is not None:
            await self._execute(job, run)

    async def _claim(self, job: Job, tick: datetime, now: datetime) -> JobRun | None:
        await self._ledger.give_up_stale(now)
        abandoned = await self._ledger.retryable(job.name, tick)
        if abandoned is not None:
            return await self._ledger.reclaim(abandoned, now)
        if await self._ledger.is_entered(job.name, tick):
            return None
        if now - tick > PUNCTUAL_WITHIN and not await self._is_worth_catching_up(job, tick):
            return None
        if await self._ledger.is_running(job.name, now):
            await self._ledger.claim(job.name, tick, now, outcome=JobOutcome.SKIPPED)
            log.warning("job skipped", job=job.name, scheduled_for=tick.isoformat())
            return None
        return await self._ledger.claim(job.name, tick, now)

    async def _is_worth_catching_up(self, job: Job, tick: datetime) -> bool:
        # Without history nothing was missed: the shop did not exist at that time.
        return job.catches_up and await self._ledger.has_history(job.name, tick)

    async def _execute(self, job: Job, run: JobRun) -> None:
        self._busy.add(job.name)
        work = asyncio.create_task(job.run(run.scheduled_for), name=f"job {job.name}")
        heart = asyncio.create_task(self._beat(run, work), name=f"heartbeat {job.name}")
        try:
            async with asyncio.timeout(job.timeout_s):
                result = await work
        except asyncio.CancelledError:
            await self._ledger.finish(
                run, self._clock(), JobOutcome.ABANDONED, error="The process was stopped."
            )
            raise
        except TimeoutError:
            await self._fail(job, run, f"TimeoutError: longer than {job.timeout_s:g} s")
        except Exception as error:
            # Whatever a job raises is its outcome; the server and the next tick go on.
            log.exception("job failed", job=job.name)
            await self._fail(job, run, f"{type(error).__name__}: {error}")
        else:
            await self._ledger.finish(run, self._clock(), JobOutcome.SUCCEEDED, result=result)
            log.info("job succeeded", job=job.name, scheduled_for=run.scheduled_for.isoformat())
        finally:
            self._busy.discard(job.name)
            heart.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await heart

    async def _fail(self, job: Job, run: JobRun, error: str) -> None:
        await self._ledger.finish(run, self._clock(), JobOutcome.FAILED, error=error)
        log.error("job failed", job=job.name, error=error)

    async def _beat(self, run: JobRun, work: asyncio.Task[dict[str, Any]]) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_INTERVAL_S)
            if not await self._ledger.beat(run, self._clock()):
                # Another process has given this run up, and may be at it already.
                work.cancel()

    def _ring(self, job: Job) -> None:
        self._spawn(self._guarded_poke(job), f"cron {job.name}")

    async def _watch(self) -> None:
        while True:
            for job in self._jobs.values():
                if job.name not in self._busy:
                    self._ring(job)
            await asyncio.sleep(WATCHDOG_INTERVAL_S)

    async def _guarded_poke(self, job: Job) -> None:
        try:
            await self.poke(job)
        except Exception:
            # The database may be away for a while; the watchdog comes back.
            log.exception("tick failed", job=job.name)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        # The loop keeps weak references only, so the set keeps the task alive.
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
