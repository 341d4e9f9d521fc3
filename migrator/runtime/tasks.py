"""Tasks that live and die together."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from migrator.errors import MigratorError


async def run_while(main: Coroutine[Any, Any, None], **tasks: Coroutine[Any, Any, None]) -> None:
    """Run named tasks for as long as `main` runs; the first failure of any ends all.

    Raises that failure itself.
    """
    try:
        async with asyncio.TaskGroup() as group:
            others = [group.create_task(task, name=name) for name, task in tasks.items()]
            await main
            for other in others:
                other.cancel()
    except BaseExceptionGroup as failures:
        raise _first(failures) from failures


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


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """A `MigratorError` if there is one, because its message says what to do."""
    ours = failures.subgroup(MigratorError)
    first = (ours or failures).exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
