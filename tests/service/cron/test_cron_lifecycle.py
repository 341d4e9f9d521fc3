import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from tortoise.connection import get_connection

from service.errors import ErrorCode, Rejected
from service.models import JobOutcome, JobRun, JobTrigger
from tests.service.cron.scheduling import (
    NINE,
    TWENTY_MINUTES,
    Bell,
    Clock,
    Gate,
    eventually,
    job,
    ledger,
    runner,
    shop_in,
)


@pytest.fixture(autouse=True)
async def database(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[None]:
    async with shop_in(tmp_path, sqlite_template):
        yield


async def test_a_running_job_survives_a_clock_that_is_set_forward() -> None:
    clock, gate = Clock(), Gate()
    cron = runner(clock, job(gate), heartbeat_s=0.01, watchdog_s=0.01)
    cron.start()
    clock.now += TWENTY_MINUTES
    await gate.begun.wait()

    clock.now += timedelta(hours=1)
    await asyncio.sleep(0.1)
    gate.opened.set()
    await cron.stop()

    assert await ledger() == [("09:20", "succeeded", 1), ("10:20", "skipped", 1)]


async def test_a_dead_process_is_replaced_once_and_then_the_run_is_given_up() -> None:
    clock, gate, bell = Clock(), Gate(), Bell()
    dead = runner(clock, job(gate, spec="0 9 * * *"))
    dying = asyncio.create_task(dead.poke("bell"))
    await gate.begun.wait()
    survivor = runner(clock, job(bell, spec="0 9 * * *"), watchdog_s=0.01)
    survivor.start()

    await asyncio.sleep(0.1)
    assert await ledger() == [("09:00", "running", 1)]
    clock.now += timedelta(seconds=61)
    await eventually(JobOutcome.SUCCEEDED)
    assert await ledger() == [("09:00", "succeeded", 2)]

    await JobRun.all().update(outcome=JobOutcome.RUNNING)
    clock.now += timedelta(seconds=61)
    await eventually(JobOutcome.ABANDONED)
    await asyncio.sleep(0.1)
    await survivor.stop()
    dying.cancel()
    await asyncio.wait({dying})

    assert await ledger() == [("09:00", "abandoned", 2)]
    assert bell.ticks == [NINE]


async def test_a_process_that_was_taken_for_dead_stops_its_job_and_writes_nothing() -> None:
    clock, gate, bell = Clock(), Gate(), Bell()
    sleeper = runner(clock, job(gate), heartbeat_s=0.2)
    sleeping = asyncio.create_task(sleeper.poke("bell"))
    await gate.begun.wait()
    later = Clock(NINE + timedelta(seconds=61))

    survivor = runner(later, job(bell), watchdog_s=0.02)
    survivor.start()
    await eventually(JobOutcome.SUCCEEDED)
    lost = await asyncio.wait_for(sleeping, 5)
    await survivor.stop()

    assert lost is not None
    assert lost.result == {"ran": 1}
    assert await ledger() == [("09:00", "succeeded", 2)]


async def test_a_ledger_that_is_away_for_a_while_loses_no_tick() -> None:
    clock, bell = Clock(), Bell()
    cron = runner(clock, job(bell), watchdog_s=0.02)
    cron.start()
    await get_connection("default").execute_script("ALTER TABLE job_runs RENAME TO elsewhere")

    clock.now += TWENTY_MINUTES
    await asyncio.sleep(0.1)
    assert bell.ticks == []
    await get_connection("default").execute_script("ALTER TABLE elsewhere RENAME TO job_runs")
    await eventually(JobOutcome.SUCCEEDED)
    await cron.stop()

    assert await ledger() == [("09:20", "succeeded", 1)]


async def test_stopping_awaits_a_running_job_and_starts_no_other() -> None:
    clock, gate = Clock(), Gate()
    cron = runner(clock, job(gate), watchdog_s=0.01)
    cron.start()
    clock.now += TWENTY_MINUTES
    await gate.begun.wait()

    stopping = asyncio.create_task(cron.stop())
    await asyncio.sleep(0.05)
    clock.now += TWENTY_MINUTES
    gate.opened.set()
    await stopping

    assert await ledger() == [("09:20", "succeeded", 1)]
    assert await cron.poke("bell") is None


async def test_a_job_that_outlasts_the_grace_is_abandoned_and_retried_after_the_restart() -> None:
    clock, gate, bell = Clock(), Gate(), Bell()
    cron = runner(clock, job(gate), watchdog_s=0.01)
    cron.start()
    clock.now += TWENTY_MINUTES
    await gate.begun.wait()

    await cron.stop(grace_s=0.05)

    (run,) = await JobRun.all()
    assert run.outcome is JobOutcome.ABANDONED
    assert run.error == "The server stopped before the job was done."
    assert {task for task in asyncio.all_tasks() if "bell" in task.get_name()} == set()

    restarted = runner(clock, job(bell), watchdog_s=0.01)
    restarted.start()
    await eventually(JobOutcome.SUCCEEDED)
    await restarted.stop()
    assert await ledger() == [("09:20", "succeeded", 2)]


async def test_a_job_is_run_by_hand_outside_its_schedule() -> None:
    clock, bell = Clock(NINE + timedelta(minutes=7)), Bell()

    run = await runner(clock, job(bell)).run_now("bell")

    assert (run.trigger, run.outcome, run.result) == (
        JobTrigger.MANUAL, JobOutcome.SUCCEEDED, {"ran": 1},
    )  # fmt: skip
    assert bell.ticks == [NINE + timedelta(minutes=7)]


async def test_a_job_that_is_unknown_or_running_is_not_run_by_hand() -> None:
    gate = Gate()
    cron = runner(Clock(), job(gate))
    running = asyncio.create_task(cron.run_now("bell"))
    await gate.begun.wait()

    with pytest.raises(Rejected) as unknown:
        await cron.run_now("gong")
    with pytest.raises(Rejected) as busy:
        await cron.run_now("bell")
    gate.opened.set()

    assert unknown.value.problems[0].code is ErrorCode.NOT_FOUND
    assert busy.value.problems[0].code is ErrorCode.ALREADY_RUNNING
    assert (await running).outcome is JobOutcome.SUCCEEDED


async def test_a_run_by_hand_goes_on_when_the_caller_is_gone() -> None:
    gate = Gate()
    cron = runner(Clock(), job(gate))
    request = asyncio.create_task(cron.run_now("bell"))
    await gate.begun.wait()

    request.cancel()
    await asyncio.wait({request})
    gate.opened.set()
    await cron.stop()

    assert await ledger() == [("09:00", "succeeded", 1)]
