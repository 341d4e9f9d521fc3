from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from service.cron.schedule import schedule
from service.cron.ticks import check_spec, latest_tick, next_tick
from service.errors import ConfigurationError

BERLIN = ZoneInfo("Europe/Berlin")
SPRING = date(2025, 3, 30)
AUTUMN = date(2025, 10, 26)
DAILY = "0 14 * * *"
EVERY_20_MIN = "*/20 * * * *"


def every(step: timedelta, day: date) -> Iterator[datetime]:
    """Moments in UTC from the local midnight of the day until the next one's, as wall clocks go."""
    start, end = (
        datetime(day.year, day.month, day.day, tzinfo=BERLIN) + timedelta(days=n) for n in (0, 1)
    )
    now = start.astimezone(UTC)
    while now < end:
        yield now
        now += step


def test_the_schedule_is_two_in_the_afternoon_and_every_twenty_minutes() -> None:
    jobs = schedule(timedelta(minutes=30), 5)

    assert {job.name: job.spec for job in jobs} == {
        "daily_digest": "0 14 * * *",
        "housekeeping": "*/20 * * * *",
    }


def test_a_tick_begins_at_its_very_moment() -> None:
    noon = datetime(2025, 6, 2, 12, tzinfo=UTC)  # 14:00 in Berlin.
    microsecond = timedelta(microseconds=1)

    assert latest_tick(DAILY, noon, BERLIN) == noon
    assert latest_tick(DAILY, noon - microsecond, BERLIN) == noon - timedelta(days=1)
    assert latest_tick(DAILY, noon + timedelta(hours=23), BERLIN) == noon
    assert next_tick(DAILY, noon, BERLIN) == noon + timedelta(days=1)
    assert next_tick(DAILY, noon - microsecond, BERLIN) == noon


@pytest.mark.parametrize(("day", "hour_utc"), [(SPRING, 12), (AUTUMN, 13)])
def test_the_daily_job_comes_once_on_a_day_with_a_clock_change(day: date, hour_utc: int) -> None:
    ticks = {latest_tick(DAILY, now, BERLIN) for now in every(timedelta(minutes=1), day)}

    yesterday = day - timedelta(days=1)
    assert ticks == {
        datetime(yesterday.year, yesterday.month, yesterday.day, 25 - hour_utc, tzinfo=UTC),
        datetime(day.year, day.month, day.day, hour_utc, tzinfo=UTC),
    }


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25)])
def test_the_frequent_job_keeps_its_pace_on_a_day_with_a_clock_change(
    day: date, hours: int
) -> None:
    ticks = [latest_tick(EVERY_20_MIN, now, BERLIN) for now in every(timedelta(minutes=20), day)]

    assert ticks == list(every(timedelta(minutes=20), day))
    assert len(ticks) == 3 * hours


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
@pytest.mark.parametrize("spec", [DAILY, EVERY_20_MIN, "30 2 * * *", "7,37 1-4 * * *", "0 3 1 * *"])
def test_looking_back_finds_the_ticks_that_looking_forward_finds(spec: str, day: date) -> None:
    moments = list(every(timedelta(minutes=5), day))
    start = datetime(2025, day.month - 1, 1, tzinfo=BERLIN)
    forward = [
        tick.astimezone(UTC) for tick in takewhile(lambda t: t <= moments[-1], CronSim(spec, start))
    ]

    for now in moments:
        assert latest_tick(spec, now, BERLIN) == forward[bisect_right(forward, now) - 1]


@pytest.mark.parametrize("spec", ["", "0 14 * *", "61 * * * *", "0 0 30 2 *", "at noon"])
def test_a_spec_that_names_no_moment_is_refused_at_start(spec: str) -> None:
    with pytest.raises(ConfigurationError, match="job digest names no moment"):
        check_spec("digest", spec)
