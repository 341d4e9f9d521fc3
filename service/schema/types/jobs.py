"""The cron jobs and their runs."""

from datetime import datetime
from zlib import crc32

import strawberry
from graphql import GRAPHQL_MAX_INT
from strawberry.scalars import JSON

from service import models
from service.models import JobOutcome, JobTrigger, UserRole
from service.operations.jobs import JobInfo
from service.operations.reading.paging import Sort
from service.operations.rules.access import require
from service.schema.relay.arguments import PageArguments, paged
from service.schema.relay.connections import Connection, connect
from service.schema.relay.context import Info
from service.schema.relay.ids import Node, global_id

RUNS_NEWEST_FIRST = Sort("id", descending=True)

strawberry.enum(JobOutcome, description="How a run stands.")
strawberry.enum(JobTrigger, description="Who asked for a run.")


@strawberry.type(description="One run of a job.")
class JobRun(Node):
    """A row of the ledger."""

    job: str
    scheduled_for: datetime
    trigger: JobTrigger
    outcome: JobOutcome
    attempt: int
    started_at: datetime
    finished_at: datetime | None
    duration_ms: int | None
    error: str | None
    result: JSON | None

    @classmethod
    def of(cls, row: models.JobRun) -> "JobRun":
        """Shape a row."""
        took_ms = None
        if row.finished_at is not None:
            took_ms = round((row.finished_at - row.started_at).total_seconds() * 1000)
            took_ms = max(-GRAPHQL_MAX_INT, min(took_ms, GRAPHQL_MAX_INT))
        return cls(
            id=global_id("JobRun", row.id),
            job=row.job,
            scheduled_for=row.scheduled_for,
            trigger=row.trigger,
            outcome=row.outcome,
            attempt=min(row.attempt, GRAPHQL_MAX_INT),
            started_at=row.started_at,
            finished_at=row.finished_at,
            duration_ms=took_ms,
            error=row.error,
            result=JSON(row.result) if row.result is not None else None,
        )


def job_number(name: str) -> int:
    """The number in a job's id: a job has no row, and its place in the schedule may change."""
    return crc32(name.encode())


@strawberry.type(description="An entry of the schedule.")
class Job(Node):
    """Its specification, and its history."""

    name: str
    spec: str = strawberry.field(description="In the notation of crontab(5).")
    time_zone: str
    description: str
    next_run_at: datetime

    @classmethod
    def of(cls, job: JobInfo) -> "Job":
        """Shape an entry."""
        return cls(
            id=global_id("Job", job_number(job.name)),
            name=job.name,
            spec=job.spec,
            time_zone=job.time_zone,
            description=job.description,
            next_run_at=job.next_run_at,
        )

    @strawberry.field(description="The runs, the newest first.")
    @paged
    async def runs(self, info: Info, *, page: PageArguments) -> Connection[JobRun]:
        """List the runs of this job; there are two jobs, so one statement each."""
        query = models.JobRun.filter(job=self.name)
        return await connect(info.context.loaders, query, RUNS_NEWEST_FIRST, page, JobRun.of)


@strawberry.type
class JobQuery:
    """The entry point."""

    @strawberry.field(description="The schedule; for staff.")
    async def jobs(self, info: Info) -> list[Job] | None:
        """List the schedule."""
        require(info.context.caller, UserRole.STAFF)
        return [Job.of(job) for job in info.context.jobs.jobs()]
