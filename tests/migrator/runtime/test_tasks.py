"""Tasks that live and die together."""

import asyncio

import pytest

from migrator.errors import SourceError
from migrator.runtime.tasks import run_until_first_end, run_until_first_failure


async def forever() -> None:
    await asyncio.Event().wait()


async def fail(error: Exception) -> None:
    raise error


async def test_the_first_that_ends_ends_the_others() -> None:
    stopped = asyncio.Event()

    async def other() -> None:
        try:
            await forever()
        finally:
            stopped.set()

    await run_until_first_end(main=asyncio.sleep(0), other=other())

    assert stopped.is_set()


async def test_what_the_first_end_raised_is_raised() -> None:
    with pytest.raises(SourceError, match="gone"):
        await run_until_first_end(main=forever(), other=fail(SourceError("gone")))


async def test_a_second_cancellation_reaches_those_that_are_being_stopped() -> None:
    hurried = asyncio.Event()

    async def slow_to_stop() -> None:
        try:
            await forever()
        except asyncio.CancelledError:
            try:
                await forever()
            except asyncio.CancelledError:
                hurried.set()
            raise

    task = asyncio.create_task(run_until_first_end(main=slow_to_stop()))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.sleep(0.01)
    assert not task.done()

    task.cancel()
    await asyncio.wait({task}, timeout=1)

    assert task.cancelled()
    assert hurried.is_set()


async def test_one_of_our_errors_is_preferred_because_it_says_what_to_do() -> None:
    with pytest.raises(SourceError, match="gone"):
        await run_until_first_failure(a=fail(ValueError("x")), b=fail(SourceError("gone")))
