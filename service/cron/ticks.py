"""Ticks: the moments that a cron spec names, by the wall clock of a zone.

When the zone changes its clocks, Debian's rules hold: a job at a fixed time runs
once on that day too, even if its time is skipped or comes twice, and a job that runs
every few minutes keeps running every few minutes. Source: cron(8), "Notes".
"""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from cronsim import CronSim, CronSimError

from service.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Tick:
    """What a job knows about its run; `scheduled_for` is in UTC, and the same in a retry."""

    scheduled_for: datetime
    time_zone: tzinfo


def latest_tick(spec: str, now: datetime, zone: tzinfo) -> datetime:
    """Find the last moment of the spec that is not after `now`, in UTC."""
    tick = next(CronSim(spec, now.astimezone(zone), reverse=True))
    # Walking backwards, CronSim leaves out its starting point, and takes the second pass
    # through an hour that comes twice for the only one; so it may stop a tick too early.
    while (later := next(CronSim(spec, tick))) <= now:
        tick = later
    return tick.astimezone(UTC)


def next_tick(spec: str, now: datetime, zone: tzinfo) -> datetime:
    """Find the first moment of the spec after `now`, in UTC."""
    return next(CronSim(spec, now.astimezone(zone))).astimezone(UTC)


def check_spec(job: str, spec: str) -> None:
    """Raise `ConfigurationError` unless the spec is well-formed and has a moment to come.

    aiocron would notice only in a callback of the event loop, and the job would never run.
    """
    try:
        next_tick(spec, datetime.now(UTC), UTC)
    except (CronSimError, StopIteration) as error:
        message = f"The spec {spec!r} of the job {job} names no moment ({error}); see crontab(5)."
        raise ConfigurationError(message) from error
