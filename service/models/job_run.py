"""The ledger of the cron jobs."""

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model


class JobTrigger(StrEnum):
    """Who asked for the run."""

    SCHEDULE = "schedule"
    MANUAL = "manual"


class JobOutcome(StrEnum):
    """How a run stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    ABANDONED = "abandoned"


class JobRun(Model):
    """One run of one job. The unique (job, scheduled_for) decides who runs a tick."""

    id = fields.BigIntField(primary_key=True)
    job = fields.CharField(max_length=64)
    scheduled_for = fields.DatetimeField()
    trigger = fields.CharEnumField(JobTrigger, default=JobTrigger.SCHEDULE, max_length=16)
    outcome = fields.CharEnumField(JobOutcome, default=JobOutcome.RUNNING, max_length=16)
    owner = fields.CharField(max_length=128)
    attempt = fields.IntField(default=1)
    started_at = fields.DatetimeField()
    heartbeat_at = fields.DatetimeField()
    finished_at = fields.DatetimeField(null=True)
    error = fields.TextField(null=True)
    result: fields.Field[dict[str, Any] | None] = fields.JSONField(null=True)

    class Meta:
        table = "job_runs"
        indexes = (Index(fields=("outcome", "job"), name="job_run_outcome"),)
        constraints = (
            UniqueConstraint(fields=("job", "scheduled_for"), name="job_run_once_per_tick"),
        )
