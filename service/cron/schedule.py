"""The schedule, as data."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from functools import partial
from typing import Any

from service.cron.daily_digest import daily_digest
from service.cron.housekeeping import housekeeping
from service.cron.ticks import Tick, next_tick
from service.operations.jobs import JobInfo


class CatchUp(StrEnum):
    """What happens to ticks that pass while no process is running."""

    NONE = "none"
    """They are dropped: the next tick does their work, too."""
    LATEST = "latest"
    """The latest one runs late, if the ledger has runs from before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """When and how to run a function, whose result is a JSON object.

    A run whose process died is attempted again, up to `attempts_max` times in all. With more
    than one, the function must be safe to repeat for the same tick.
    """

    name: str
    spec: str
    run: Callable[[Tick], Awaitable[dict[str, Any]]]
    catch_up: CatchUp
    timeout_s: float
    description: str
    attempts_max: int = 2

    def info(self, now: datetime, zone: tzinfo) -> JobInfo:
        """Describe the job as clients see it."""
        return JobInfo(
            name=self.name,
            spec=self.spec,
            time_zone=str(zone),
            description=self.description,
            next_run_at=next_tick(self.spec, now, zone),
        )


def schedule(payment_window: timedelta, low_stock_threshold: int) -> tuple[Job, ...]:
    """List the shop's jobs, with the settings that they depend on."""
    return (
        Job(
            name="daily_digest",
            spec="0 14 * * *",
            run=partial(daily_digest, low_stock_threshold=low_stock_threshold),
            catch_up=CatchUp.LATEST,
            timeout_s=10 * 60,
            description="Sends staff the orders, revenue, best sellers and low stock of a day.",
        ),
        Job(
            name="housekeeping",
            spec="*/20 * * * *",
            run=partial(
                housekeeping,
                payment_window=payment_window,
                low_stock_threshold=low_stock_threshold,
            ),
            catch_up=CatchUp.NONE,
            timeout_s=15 * 60,
            description="Cancels orders left unpaid and tells staff which products ran low.",
        ),
    )
