"""Tasks that live and die together."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from migrator.errors import MigratorError, SourceUnavailable, TargetUnavailable
from migrator.runtime.backoff import Backoff


async def run_until_first_end(**tasks: Coroutine[Any, Any, None]) -> None:
    """Run named tasks until one ends, stop the others, and raise what that one raised.

    A second cancellation reaches the tasks that are being stopped, so that they can hurry; a
    TaskGroup would swallow it.
    """
    running = [asyncio.create_task(task, name=name) for name, task in tasks.items()]
    try:
        done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    for task in done:
        task.result()


async def run_until_first_failure(**tasks: Coroutine[Any, Any, None]) -> None:
    """Run named tasks until all have ended; the first that fails ends the others.

    Raises that failure itself, not a group of one.
    """
    try:
        async with asyncio.TaskGroup() as group:
            for name, task in tasks.items():
                group.create_task(task, name=name)
    except BaseExceptionGroup as failures:
        raise _first(failures) from failures


async def keep_looking(look: Callable[[], Awaitable[None]], interval_s: float, what: str) -> None:
    """Look again and again until cancelled, and longer apart after an error that will pass.

    `what` follows then, such as "The requests are read again". Raises any other error.
    """
    backoff = Backoff()
    while True:
        try:
            await look()
            backoff.reset()
        except (SourceUnavailable, TargetUnavailable) as error:
            await backoff.pause(error, what)
        await asyncio.sleep(interval_s)


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """A `MigratorError` if there is one, because its message says what to do."""
    ours = failures.subgroup(MigratorError)
    first = (ours or failures).exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
