"""What the schema needs from the cron jobs, without knowing how they run."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from service.models import JobRun, UserRole
from service.operations.rules.access import Principal, require


@dataclass(frozen=True, slots=True)
class JobInfo:
    """One entry of the schedule."""

    name: str
    spec: str
    time_zone: str
    description: str
    next_run_at: datetime


class JobRunner(Protocol):
    """The scheduler, as the schema sees it."""

    def jobs(self) -> list[JobInfo]:
        """The schedule, with the next time of each job."""

    async def run_now(self, name: str) -> JobRun:
        """Run a job to its end, outside the schedule.

        Raises `Rejected`: NOT_FOUND for an unknown name, ALREADY_RUNNING while it runs.
        """


async def run_job(runner: JobRunner, caller: Principal, name: str) -> JobRun:
    """Run a job now and return its record, even if the job failed."""
    require(caller, UserRole.STAFF)
    return await runner.run_now(name)
