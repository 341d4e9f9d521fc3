"""The table of runs: who runs which tick, and what came of it.

`UNIQUE (job, scheduled_for)` is the whole agreement between replicas: of all the
processes that see a tick, the one whose INSERT succeeds runs it. So a tick is
started once; a run whose process died is given up after `STALE_AFTER` without a
heartbeat and may be started once more.
"""

from datetime import datetime, timedelta
from typing import Any

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from service.models import JobOutcome, JobRun, JobTrigger

HEARTBEAT_INTERVAL_S = 10.0
STALE_AFTER = timedelta(seconds=60)
ATTEMPTS_MAX = 2
ERROR_LENGTH_MAX = 2_000


class Ledger:
    """The ledger as one process, `owner`, writes it."""

    def __init__(self, owner: str) -> None:
        self._owner = owner

    async def claim(
        self,
        job: str,
        scheduled_for: datetime,
        now: datetime,
        *,
        trigger: JobTrigger = JobTrigger.SCHEDULE,
        outcome: JobOutcome = JobOutcome.RUNNING,
    ) -> JobRun | None:
        """Enter a tick, or None if somebody else already has."""
        try:
            return await JobRun.create(
                job=job,
                scheduled_for=scheduled_for,
                trigger=trigger,
                outcome=outcome,
                owner=self._owner,
                started_at=now,
                heartbeat_at=now,
                finished_at=None if outcome is JobOutcome.RUNNING else now,
            )
        except IntegrityError:
            return None

    async def reclaim(self, run: JobRun, now: datetime) -> JobRun | None:
        """Take over an abandoned run, or None if somebody else already has."""
        taken = await JobRun.filter(
            id=run.id, outcome=JobOutcome.ABANDONED, attempt=run.attempt
        ).update(
            outcome=JobOutcome.RUNNING,
            owner=self._owner,
            attempt=F("attempt") + 1,
            started_at=now,
            heartbeat_at=now,
            finished_at=None,
        )
        return await JobRun.get(id=run.id) if taken else None

    async def beat(self, run: JobRun, now: datetime) -> bool:
        """Say that the run goes on; False if it was given up for dead meanwhile."""
        return bool(await self._mine(run).update(heartbeat_at=now))

    async def finish(
        self,
        run: JobRun,
        now: datetime,
        outcome: JobOutcome,
        *,
        result: dict[str, Any] | None = None,
        error: str | None = None,
    ) -> None:
        """Note how the run ended, unless it was given up for dead and is no longer ours."""
        await self._mine(run).update(
            outcome=outcome,
            finished_at=now,
            heartbeat_at=now,
            result=result,
            error=error[:ERROR_LENGTH_MAX] if error else None,
        )

    def _mine(self, run: JobRun) -> Any:
        return JobRun.filter(
            id=run.id, owner=self._owner, attempt=run.attempt, outcome=JobOutcome.RUNNING
        )

    async def is_running(self, job: str, now: datetime) -> bool:
        """Whether any process is at work on the job."""
        return await JobRun.filter(
            job=job, outcome=JobOutcome.RUNNING, heartbeat_at__gt=now - STALE_AFTER
        ).exists()

    async def has_history(self, job: str, before: datetime) -> bool:
        """Whether the schedule ran this job before a moment."""
        return await JobRun.filter(
            job=job, trigger=JobTrigger.SCHEDULE, scheduled_for__lt=before
        ).exists()

    async def is_entered(self, job: str, scheduled_for: datetime) -> bool:
        """Whether a tick has been dealt with."""
        return await JobRun.filter(job=job, scheduled_for=scheduled_for).exists()

    async def give_up_stale(self, now: datetime) -> None:
        """Mark the runs whose process shows no life any more."""
        await JobRun.filter(outcome=JobOutcome.RUNNING, heartbeat_at__lte=now - STALE_AFTER).update(
            outcome=JobOutcome.ABANDONED, finished_at=now, error="The process disappeared."
        )

    async def retryable(self, job: str, scheduled_for: datetime) -> JobRun | None:
        """The abandoned run of a tick, if it may be tried again."""
        return await JobRun.get_or_none(
            job=job,
            scheduled_for=scheduled_for,
            outcome=JobOutcome.ABANDONED,
            attempt__lt=ATTEMPTS_MAX,
        )
