"""Many ticks, and ticks by the real clock."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.clock import utc_now
from service.models import JobOutcome, JobRun, JobTrigger
from tests.service.cron.scheduling import (
    NINE,
    TWENTY_MINUTES,
    Bell,
    Clock,
    eventually,
    job,
    runner,
    shop_in,
)


@pytest.fixture(autouse=True)
async def database(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[None]:
    async with shop_in(tmp_path, sqlite_template):
        yield


async def test_aiocron_rings_for_a_job_of_every_second_until_it_is_stopped() -> None:
    bell = Bell()
    cron = runner(utc_now, job(bell, spec="* * * * * *"), watchdog_s=3600)

    cron.start()
    await eventually(JobOutcome.SUCCEEDED, rows=2)
    await cron.stop()
    rung = list(bell.ticks)
    afterwards = set()
    for _ in range(60):
        await asyncio.sleep(0.02)
        afterwards |= {task.get_name() for task in asyncio.all_tasks()}

    assert rung == sorted(set(rung))
    assert bell.ticks == rung
    assert "cron bell" not in afterwards


async def test_of_two_schedulers_one_runs_each_of_a_thousand_ticks() -> None:
    clock, bell = Clock(), Bell()
    one, other = runner(clock, job(bell)), runner(clock, job(bell))

    for _ in range(1000):
        await asyncio.gather(one.poke("bell"), other.poke("bell"))
        clock.now += TWENTY_MINUTES

    ticks = [NINE + n * TWENTY_MINUTES for n in range(1000)]
    assert bell.ticks == ticks
    rows = await JobRun.all().order_by("scheduled_for")
    assert [row.scheduled_for for row in rows] == ticks
    assert {row.outcome for row in rows} == {JobOutcome.SUCCEEDED}
    assert {row.trigger for row in rows} == {JobTrigger.SCHEDULE}
