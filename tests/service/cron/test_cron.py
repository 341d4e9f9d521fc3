import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from service.cron.schedule import CatchUp
from service.cron.ticks import Tick
from service.models import JobOutcome
from tests.service.cron.scheduling import (
    NINE,
    TWENTY_MINUTES,
    Bell,
    Clock,
    Gate,
    job,
    ledger,
    runner,
    shop_in,
)


@pytest.fixture(autouse=True)
async def database(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[None]:
    async with shop_in(tmp_path, sqlite_template):
        yield


async def test_a_finished_run_keeps_its_result_and_its_times() -> None:
    clock = Clock(NINE + timedelta(seconds=2))

    async def work() -> None:
        clock.now += timedelta(seconds=3)

    run = await runner(clock, job(Bell(then=work))).poke("bell")

    assert run is not None
    assert run.result == {"ran": 1}
    assert run.error is None
    assert run.scheduled_for == NINE
    assert run.started_at == NINE + timedelta(seconds=2)
    assert run.finished_at == NINE + timedelta(seconds=5)


async def test_on_a_new_database_nothing_is_caught_up() -> None:
    clock, bell = Clock(NINE + timedelta(seconds=1)), Bell()
    cron = runner(
        clock,
        job(bell, name="often"),
        job(bell, name="daily", spec="0 8 * * *", catch_up=CatchUp.LATEST),
        watchdog_s=0.02,
    )

    cron.start()
    await asyncio.sleep(0.1)
    await cron.stop()

    assert bell.ticks == []
    assert await ledger() == []


async def test_after_an_outage_the_latest_daily_tick_is_caught_up_once_and_no_other() -> None:
    clock, often, daily = Clock(), Bell(), Bell()
    jobs = (
        job(often, name="often"),
        job(daily, name="daily", spec="0 8 * * *", catch_up=CatchUp.LATEST),
    )
    await runner(clock, *jobs).poke("often")
    clock.now += timedelta(days=3, minutes=5)

    for _ in range(2):
        cron = runner(clock, *jobs, watchdog_s=0.02)
        cron.start()
        await asyncio.sleep(0.1)
        await cron.stop()

    assert often.ticks == [NINE]
    assert daily.ticks == [NINE + timedelta(days=2, hours=23)]


async def test_a_tick_that_is_noticed_minutes_late_was_missed() -> None:
    clock, bell = Clock(NINE + timedelta(seconds=61)), Bell()
    cron = runner(clock, job(bell))

    assert await cron.poke("bell") is None

    clock.now = NINE + timedelta(seconds=60)
    assert await cron.poke("bell") is not None


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(hours=-1)])
async def test_a_clock_that_is_set_by_an_hour_repeats_and_invents_no_tick(step: timedelta) -> None:
    clock, bell = Clock(), Bell()
    cron = runner(clock, job(bell))

    for minute in range(6 * 60):
        if minute == 130:  # At 11:10.
            clock.now += step
        await cron.poke("bell")
        clock.now += timedelta(minutes=1)

    # From 9:00; the hour up to 12:10 is left out, or the one from 10:10 comes again.
    reached = range(18) if step < timedelta(0) else [*range(7), *range(10, 21)]
    expected = [NINE + n * TWENTY_MINUTES for n in reached]
    assert bell.ticks == [tick for tick in expected if tick < clock.now]


async def test_a_tick_whose_predecessor_still_runs_is_skipped() -> None:
    clock, gate = Clock(), Gate()
    one, other = (runner(clock, job(gate), heartbeat_s=0.01) for _ in range(2))
    first = asyncio.create_task(one.poke("bell"))
    await gate.begun.wait()
    clock.now += TWENTY_MINUTES
    await asyncio.sleep(0.1)

    skipped = await other.poke("bell")
    gate.opened.set()
    await first

    assert skipped is not None
    assert skipped.error == "The run before it was still going."
    assert await ledger() == [("09:00", "succeeded", 1), ("09:20", "skipped", 1)]


async def test_a_failing_job_is_recorded_and_the_next_tick_runs() -> None:
    async def fail() -> None:
        if len(bell.ticks) == 1:
            raise ValueError("no paper left")

    clock, bell = Clock(), Bell(then=fail)
    cron = runner(clock, job(bell))

    failed = await cron.poke("bell")
    clock.now += TWENTY_MINUTES
    await cron.poke("bell")

    assert failed is not None
    assert failed.error == "ValueError: no paper left"
    assert await ledger() == [("09:00", "failed", 1), ("09:20", "succeeded", 1)]


async def cancel_itself() -> None:
    raise asyncio.CancelledError("by mistake")


@pytest.mark.parametrize(
    ("then", "error"),
    [
        (lambda: asyncio.sleep(60), "TimeoutError: not done after 0.05 s"),
        (cancel_itself, "CancelledError: by mistake"),
    ],
)
async def test_a_job_that_hangs_or_cancels_itself_has_failed(then: Any, error: str) -> None:
    run = await runner(Clock(), job(Bell(then=then), timeout_s=0.05)).poke("bell")

    assert run is not None
    assert (run.outcome, run.error) == (JobOutcome.FAILED, error)


async def test_a_result_that_is_not_json_is_a_failure_of_the_job() -> None:
    async def wrong(_tick: Tick) -> dict[str, Any]:
        return {"when": object()}

    run = await runner(Clock(), job(wrong)).poke("bell")

    assert run is not None
    assert run.error == "TypeError: Type is not JSON serializable: object"
