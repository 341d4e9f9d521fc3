import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise

from service.database.connect import connected
from service.models import JobOutcome, JobRun
from tests.service.conftest import on_each_server
from tests.service.cron.scheduling import (
    NINE,
    Bell,
    Clock,
    Gate,
    eventually,
    job,
    ledger,
    runner,
)
from tests.service.cron.slow.cron_replica import RACE_TICKS


@asynccontextmanager
async def replica(mode: str, url: str) -> AsyncIterator[Process]:
    command = (sys.executable, "-m", "tests.service.cron.slow.cron_replica", mode, url)
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def first_line(process: Process) -> bytes:
    assert process.stdout is not None
    return await asyncio.wait_for(process.stdout.readline(), 60)


async def output(process: Process) -> list[tuple[str, int, float]]:
    """What the replica noted until its end: event, tick and time."""
    written, _ = await asyncio.wait_for(process.communicate(b""), 60)
    assert process.returncode == 0
    lines = [line.split() for line in written.decode().splitlines()]
    return [(event, int(tick), float(at)) for event, tick, at in lines]


async def test_the_run_of_a_killed_process_is_abandoned_and_retried(database_url: str) -> None:
    async with replica("hang", database_url) as process:
        assert (await first_line(process)).startswith(b"begun")
        process.kill()
        await process.wait()

    async with connected(database_url):
        (before,) = await JobRun.all()
        assert (before.outcome, before.attempt) == (JobOutcome.RUNNING, 1)
        clock, bell = Clock(NINE + timedelta(seconds=61)), Bell()
        survivor = runner(clock, job(bell), watchdog_s=0.05)
        survivor.start()
        await eventually(JobOutcome.SUCCEEDED)
        await survivor.stop()
        (after,) = await JobRun.all()

    assert bell.ticks == [NINE]
    assert after.attempt == 2
    assert after.owner != before.owner


@on_each_server
async def test_two_processes_at_full_speed_run_each_tick_once_and_never_two(
    database_url: str,
) -> None:
    async with replica("race", database_url) as one, replica("race", database_url) as other:
        notes = await asyncio.gather(output(one), output(other))

    events = sorted((note for replica in notes for note in replica), key=lambda note: note[2])
    async with connected(database_url):
        rows = await JobRun.all().order_by("scheduled_for")
    assert [row.scheduled_for for row in rows] == [
        NINE + n * timedelta(minutes=1) for n in range(RACE_TICKS)
    ]
    ran = [row.scheduled_for.timestamp() for row in rows if row.outcome is JobOutcome.SUCCEEDED]
    assert sorted(tick for event, tick, _ in events if event == "begun") == ran
    assert {row.outcome for row in rows} <= {JobOutcome.SUCCEEDED, JobOutcome.SKIPPED}
    # Whatever has begun ends before anything else begins.
    assert [event for event, _, _ in events] == ["begun", "ended"] * len(ran)
    assert all(a[1] == b[1] for a, b in pairwise(events) if a[0] == "begun")


@on_each_server
async def test_two_servers_with_real_timers_see_each_second_once(database_url: str) -> None:
    async with replica("serve", database_url) as one, replica("serve", database_url) as other:
        assert [await first_line(one), await first_line(other)] == [b"ready\n"] * 2
        await asyncio.sleep(3.5)
        notes = await asyncio.gather(output(one), output(other))

    ticks = sorted(tick for replica in notes for event, tick, _ in replica if event == "begun")
    assert len(ticks) >= 2
    assert len(set(ticks)) == len(ticks)
    async with connected(database_url):
        assert await JobRun.all().count() == len(ticks)


async def test_a_tick_and_a_run_by_hand_at_the_same_moment_do_not_overlap(
    database_url: str,
) -> None:
    async with connected(database_url):
        await runner(Clock(), job(Bell())).poke("bell")
        for n in range(1, 21):
            clock, gate = Clock(NINE + n * timedelta(minutes=20)), Gate()
            by_hand = Clock(clock.now + timedelta(microseconds=1))
            tick = asyncio.create_task(runner(clock, job(gate)).poke("bell"))
            manual = asyncio.create_task(runner(by_hand, job(gate)).run_now("bell"))
            await asyncio.wait({tick, manual}, return_when=asyncio.FIRST_COMPLETED)
            gate.opened.set()
            await asyncio.wait({tick, manual})

            done = tick.result()
            assert done is not None
            refused = manual.exception() is not None
            assert refused == (done.outcome is JobOutcome.SUCCEEDED)
        succeeded = [row for row in await ledger() if row[1] == "succeeded"]
    assert len(succeeded) == 1 + 20


async def test_a_job_cancelled_amid_a_statement_leaves_the_pool_in_order(database_url: str) -> None:
    async with connected(database_url, pool_size=2):
        from tortoise.connection import get_connection

        from service.database.transactions import in_one_transaction

        async def slow() -> None:
            async def work() -> None:
                await JobRun.all().update(error="half done")
                await asyncio.sleep(60)

            await in_one_transaction(work)

        for n in range(4):
            clock = Clock(NINE + n * timedelta(minutes=20))
            await runner(clock, job(Bell(then=slow), timeout_s=0.1)).poke("bell")
        await get_connection("default").execute_query("SELECT 1")

        assert [row[1] for row in await ledger()] == ["failed"] * 4
        assert {row.error for row in await JobRun.all()} == {"TimeoutError: not done after 0.1 s"}
