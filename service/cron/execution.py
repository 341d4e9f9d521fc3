"""One run of one job: its time-out, its heartbeat, and the record of how it ended."""

import asyncio

import orjson
import structlog
from prometheus_client import Counter, Gauge

from service.cron.ledger import Ending, Ledger
from service.cron.schedule import Job
from service.cron.ticks import Tick
from service.models import JobOutcome, JobRun

RUNS = Counter("kooch_job_runs", "Runs that ended here.", ["job", "outcome"])
LAST_SUCCESS = Gauge(
    "kooch_job_last_success_timestamp_seconds", "When the job last succeeded here.", ["job"]
)

log = structlog.get_logger("service.cron")


async def execute(ledger: Ledger, job: Job, run: JobRun, tick: Tick, heartbeat_s: float) -> None:
    """Carry out a claimed run and record how it ended, even if its function raises.

    Cancelling this abandons the run. If the ledger cannot be reached, the error is raised
    and the row stays as it is: once it is stale, another process takes it over.
    """
    try:
        ending = await _ending_while_ours(ledger, job, run, tick, heartbeat_s)
        if ending is not None:
            await _close(ledger, run, ending)
    except asyncio.CancelledError:
        error = "The server stopped before the job was done."
        await _close(ledger, run, Ending(JobOutcome.ABANDONED, error=error))
        raise
    finally:
        ledger.release(run)


async def _ending_while_ours(
    ledger: Ledger, job: Job, run: JobRun, tick: Tick, heartbeat_s: float
) -> Ending | None:
    """Run the job while its heartbeat beats; None if another process took the run over."""
    body = asyncio.create_task(_ending_of(job, tick), name=f"job {job.name}")
    heart = asyncio.create_task(_beat(ledger, run, heartbeat_s), name=f"heartbeat {job.name}")
    try:
        await asyncio.wait({body, heart}, return_when=asyncio.FIRST_COMPLETED)
        if body.done():
            return body.result()
        heart.result()
        log.warning("job lost", job=job.name, run=run.id, reason="another process took it for dead")
        return None
    finally:
        body.cancel()
        heart.cancel()
        await asyncio.gather(body, heart, return_exceptions=True)


async def _beat(ledger: Ledger, run: JobRun, heartbeat_s: float) -> None:
    """Beat until the run is no longer this process's."""
    held = True
    while held:
        await asyncio.sleep(heartbeat_s)
        held = await ledger.heartbeat(run)


async def _ending_of(job: Job, tick: Tick) -> Ending:
    deadline = asyncio.timeout(job.timeout_s)
    try:
        async with deadline:
            result = await job.run(tick)
        orjson.dumps(result)  # A result that the ledger cannot store is the job's failure, too.
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        # This task was not cancelled from outside: the job cancelled itself.
        return _failure(job, error)
    except Exception as error:  # noqa: BLE001 - Any error of a job is recorded as its outcome.
        late = TimeoutError(f"not done after {job.timeout_s:g} s")
        return _failure(job, late if deadline.expired() else error)
    return Ending(JobOutcome.SUCCEEDED, result=result)


def _failure(job: Job, error: BaseException) -> Ending:
    log.error("job failed", job=job.name, exc_info=error)
    return Ending(JobOutcome.FAILED, error=f"{type(error).__name__}: {error}")


async def _close(ledger: Ledger, run: JobRun, ending: Ending) -> None:
    if await ledger.close(run, ending):
        RUNS.labels(run.job, ending.outcome).inc()
        if ending.outcome is JobOutcome.SUCCEEDED:
            LAST_SUCCESS.labels(run.job).set_to_current_time()
        log.info("job ended", job=run.job, outcome=ending.outcome, run=run.id)
