"""The ledger of the cron jobs."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint
from tortoise.models import Model

from service.models.columns import DatetimeField, JSONField, StoredEnum, enum_field


class JobTrigger(StoredEnum):
    """Who asked for the run."""

    SCHEDULE = "schedule"
    MANUAL = "manual"
    UNKNOWN = "unknown"


class JobOutcome(StoredEnum):
    """How a run stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"
    ABANDONED = "abandoned"
    UNKNOWN = "unknown"


class JobRun(Model):
    """One run of one job. The unique (job, scheduled_for) decides who runs a tick."""

    id = fields.BigIntField(primary_key=True)
    job = fields.CharField(max_length=64)
    scheduled_for = DatetimeField()
    trigger = enum_field(JobTrigger, default=JobTrigger.SCHEDULE)
    outcome = enum_field(JobOutcome, default=JobOutcome.RUNNING)
    owner = fields.CharField(max_length=128)
    attempt = fields.IntField(default=1)
    started_at = DatetimeField()
    heartbeat_at = DatetimeField()
    finished_at = DatetimeField(null=True)
    error = fields.TextField(null=True)
    result: fields.Field[dict[str, Any] | None] = JSONField(null=True)

    class Meta:
        table = "job_runs"
        indexes = (Index(fields=("outcome", "job"), name="job_run_outcome"),)
        constraints = (
            UniqueConstraint(fields=("job", "scheduled_for"), name="job_run_once_per_tick"),
        )
