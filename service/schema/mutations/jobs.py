"""Running cron jobs."""

import strawberry

from service.operations.jobs import run_job
from service.schema.mutations.payloads import Payload, mutation
from service.schema.relay.context import Info
from service.schema.types.jobs import JobRun


@strawberry.input
class RunJobInput:
    """Which job to run now."""

    name: str


@strawberry.type
class RunJobPayload(Payload):
    """The finished run; its outcome may be a failure of the job."""

    run: JobRun | None = None


@strawberry.type
class JobMutation:
    """For staff."""

    @mutation
    async def run_job(self, info: Info, input: RunJobInput) -> RunJobPayload | None:
        """Run a job to its end, outside its schedule."""
        row = await run_job(info.context.jobs, info.context.caller, input.name)
        return RunJobPayload(run=JobRun.of(row))
