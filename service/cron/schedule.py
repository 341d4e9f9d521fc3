"""The schedule as data."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from cronsim import CronSim, CronSimError

from service.cron.daily_digest import daily_digest
from service.cron.housekeeping import housekeeping
from service.errors import ConfigurationError

JobFunction = Callable[[datetime], Coroutine[Any, Any, dict[str, Any]]]
"""Takes the UTC time for which it was scheduled; returns what the ledger keeps."""


@dataclass(frozen=True, slots=True)
class Job:
    """One entry of the schedule.

    `catches_up`: whether a tick that nobody was there for is run later, once, if
    it is the latest. A job must bear being started twice for the same tick, since
    a process may die between its work and the note of it.
    """

    name: str
    spec: str
    description: str
    run: JobFunction
    catches_up: bool
    timeout_s: float

    def latest_tick(self, now: datetime, zone: tzinfo) -> datetime:
        """The last time at or before `now` that matches, in UTC."""
        just_after = now.astimezone(zone) + timedelta(microseconds=1)
        return next(CronSim(self.spec, just_after, reverse=True)).astimezone(UTC)

    def next_tick(self, now: datetime, zone: tzinfo) -> datetime:
        """The first time after `now` that matches, in UTC."""
        return next(CronSim(self.spec, now.astimezone(zone))).astimezone(UTC)


def schedule(payment_window: timedelta, low_stock_threshold: int) -> tuple[Job, ...]:
    """The shop's two jobs."""

    async def digest(scheduled_for: datetime) -> dict[str, Any]:
        return await daily_digest(scheduled_for, low_stock_threshold)

    async def keep_house(scheduled_for: datetime) -> dict[str, Any]:
        return await housekeeping(scheduled_for, payment_window, low_stock_threshold)

    return (
        Job(
            name="daily_digest",
            spec="0 14 * * *",
            description="Tells staff about the orders, revenue, best sellers and stock of a day.",
            run=digest,
            catches_up=True,
            timeout_s=600,
        ),
        Job(
            name="housekeeping",
            spec="*/20 * * * *",
            description="Cancels unpaid orders, and tells staff which products ran low.",
            run=keep_house,
            catches_up=False,
            timeout_s=900,
        ),
    )


def check_specs(jobs: tuple[Job, ...], now: datetime, zone: tzinfo) -> None:
    """Refuse a spec that cannot be read or never comes; aiocron would ignore it silently."""
    for job in jobs:
        try:
            job.next_tick(now, zone)
        except (CronSimError, StopIteration) as error:
            raise ConfigurationError(
                f"Job {job.name}: {job.spec!r} never fires: {error}"
            ) from error
