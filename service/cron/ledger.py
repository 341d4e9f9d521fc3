"""The ledger: every statement on `job_runs` that decides who runs a tick and how it ended.

- The unique (job, scheduled_for) lets one process open the row of a tick.
- The owner of a running row moves its heartbeat; a row whose heartbeat is stale has
  lost its owner, and the first process that notices marks it abandoned.
- Each change of a row requires the owner and the attempt that it is about, so a process
  whose run was abandoned while it was suspended changes nothing when it wakes up.

Heartbeats are wall-clock times: the clocks of the replicas must agree far better
than `stale_after`, which a shared schedule needs anyway.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from service.database.transactions import in_one_transaction
from service.models import JobOutcome, JobRun, JobTrigger

ABANDONED_PER_ROUND_MAX = 100
ERROR_LENGTH_MAX = 2000
OVERLAP = "The run before it was still going."
OWNER_LOST = "Its process stopped answering."


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended."""

    outcome: JobOutcome
    result: dict[str, Any] | None = None
    error: str | None = None


class Ledger:
    """The ledger as one process, the `owner`, may change it."""

    def __init__(self, owner: str, stale_after: timedelta, clock: Callable[[], datetime]) -> None:
        self._owner = owner
        self._stale_after = stale_after
        self._clock = clock
        # These runs are alive even if the clock jumps ahead, which makes heartbeats look stale.
        self._own_runs: set[int] = set()

    async def claim_tick(
        self, job: str, tick: datetime, *, attempts_max: int, may_open: bool = True
    ) -> JobRun | None:
        """Take a tick, or an abandoned attempt at it, unless another process has it.

        Returns the row to run; or a row that is skipped, because another run of the
        job is still going; or None if there is nothing to do. With `may_open` false
        only an abandoned attempt is taken up again.
        """
        earlier = await JobRun.get_or_none(job=job, scheduled_for=tick)
        if earlier is None:
            may_run = may_open
        else:
            is_abandoned = earlier.outcome is JobOutcome.ABANDONED
            may_run = is_abandoned and earlier.attempt < attempts_max
        if not may_run:
            return None

        async def work() -> JobRun | None:
            busy = await self._is_busy(job)
            if earlier is None:
                return await self._open(job, tick, JobTrigger.SCHEDULE, busy=busy)
            return await self._reopen(earlier) if not busy else None

        return await self._claim(work)

    async def claim_now(self, job: str) -> JobRun | None:
        """Open a manual run, or return None while another run of the job is going."""

        async def work() -> JobRun | None:
            if await self._is_busy(job):
                return None
            return await self._open(job, self._clock(), JobTrigger.MANUAL)

        return await self._claim(work)

    async def heartbeat(self, run: JobRun) -> bool:
        """Record that the run is alive; False if it is no longer this process's run."""
        return await self._held(run).update(heartbeat_at=self._clock()) == 1

    async def close(self, run: JobRun, ending: Ending) -> bool:
        """Record how the run ended; False if it was no longer this process's run."""
        error = ending.error[:ERROR_LENGTH_MAX] if ending.error else None
        closed = await self._held(run).update(
            outcome=ending.outcome,
            result=ending.result,
            error=error,
            finished_at=self._clock(),
        )
        return closed == 1

    def release(self, run: JobRun) -> None:
        """Forget that this process carries out the run, whether or not its end was recorded."""
        self._own_runs.discard(run.id)

    async def abandon_stale(self) -> list[JobRun]:
        """Mark the runs of dead processes, at most `ABANDONED_PER_ROUND_MAX`, and return them."""
        silent = JobRun.filter(
            outcome=JobOutcome.RUNNING, heartbeat_at__lt=self._clock() - self._stale_after
        )
        # By primary key, one by one: a single UPDATE would lock every row that it looks at.
        abandoned = []
        for run in await silent.order_by("id").limit(ABANDONED_PER_ROUND_MAX):
            same = silent.filter(id=run.id, attempt=run.attempt)
            if run.id not in self._own_runs and await same.update(
                outcome=JobOutcome.ABANDONED, error=OWNER_LOST, finished_at=self._clock()
            ):
                abandoned.append(run)
        return abandoned

    async def has_history(self, before: datetime) -> bool:
        """Whether any job ran before that moment: whether the shop was in use then."""
        return await JobRun.filter(started_at__lt=before).exists()

    async def _claim(self, work: Callable[[], Awaitable[JobRun | None]]) -> JobRun | None:
        try:
            run = await in_one_transaction(work)
        except IntegrityError:
            return None  # Another process has opened the row.
        if run is not None and run.outcome is JobOutcome.RUNNING:
            self._own_runs.add(run.id)
        return run

    async def _is_busy(self, job: str) -> bool:
        """Whether a run of the job is going; none can begin before the transaction ends."""
        # All claims of a job lock its oldest row: one at a time gets past this line, and it
        # sees what the claims before it did. A job's very first claims have no row to lock,
        # but even then the unique key lets a tick be opened only once.
        await JobRun.filter(job=job).order_by("scheduled_for").limit(1).select_for_update()
        alive = Q(heartbeat_at__gte=self._clock() - self._stale_after)
        mine = Q(id__in=list(self._own_runs))
        return await JobRun.filter(alive | mine, job=job, outcome=JobOutcome.RUNNING).exists()

    async def _open(
        self, job: str, scheduled_for: datetime, trigger: JobTrigger, *, busy: bool = False
    ) -> JobRun:
        now = self._clock()
        return await JobRun.create(
            job=job,
            scheduled_for=scheduled_for,
            trigger=trigger,
            outcome=JobOutcome.SKIPPED if busy else JobOutcome.RUNNING,
            owner=self._owner,
            started_at=now,
            heartbeat_at=now,
            finished_at=now if busy else None,
            error=OVERLAP if busy else None,
        )

    async def _reopen(self, run: JobRun) -> JobRun | None:
        now = self._clock()
        same = JobRun.filter(id=run.id, outcome=JobOutcome.ABANDONED, attempt=run.attempt)
        reopened = await same.update(
            outcome=JobOutcome.RUNNING,
            owner=self._owner,
            attempt=run.attempt + 1,
            started_at=now,
            heartbeat_at=now,
            finished_at=None,
            error=None,
        )
        return await JobRun.get(id=run.id) if reopened else None

    def _held(self, run: JobRun) -> QuerySet[JobRun]:
        return JobRun.filter(
            id=run.id, owner=self._owner, attempt=run.attempt, outcome=JobOutcome.RUNNING
        )
