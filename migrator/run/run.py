"""Both halves together: started, watched, shown, and ended when all has arrived."""

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass

from rich.console import Console

from migrator.changes import Position
from migrator.errors import SourceError, TargetUnavailable
from migrator.exits import Exit
from migrator.mysql.catalogue import Scope, read_tables
from migrator.mysql.log_position import current_position
from migrator.positions import covers
from migrator.reports import Role
from migrator.run.display import Screen
from migrator.run.observe import Observer, selected
from migrator.run.progress import Observation
from migrator.run.summary import is_complete, summary_lines
from migrator.run.supervise import Half, half_of_this_program
from migrator.settings import Settings
from migrator.target.target import Target

TICK_S = 0.5


@dataclass(slots=True)
class Goal:
    """Where the source stood when the copy was complete: `--until-caught-up` ends there."""

    position: Position | None = None


async def run(settings: Settings, console: Console, *, until_caught_up: bool) -> Exit:
    """Run both halves until all has arrived, or for ever; print a summary at the end.

    Raises `HalfFailed` when a half cannot go on, `SourceError` or `TargetError` when
     looking at the servers fails for good.
    """
    begin = time.monotonic()
    halves: list[Half] = []
    url = settings.target_url.get_secret_value()
    async with Target.connect(url, settings.places, "kooch run", settings.state_database) as target:
        try:
            with Screen(console, lambda: [half.state for half in halves]) as screen:
                environment = settings.environment()
                halves += [half_of_this_program(role, environment, screen.line) for role in Role]
                async with Observer(settings, target) as observer:
                    watching = _watch(settings, observer, screen, until_caught_up=until_caught_up)
                    await _first_end(watching, *(half.keep() for half in halves))
        finally:
            seen = await _summary(settings, target, console, time.monotonic() - begin)
    return Exit.COMPLETE if seen and is_complete(seen) else Exit.INCOMPLETE


async def _first_end(*works: Awaitable[None]) -> None:
    """Wait for the first to end, stop the others, and raise what it raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _watch(
    settings: Settings, observer: Observer, screen: Screen, *, until_caught_up: bool
) -> None:
    """Show how it goes; return when all that the source had has arrived, if that is asked."""
    goal = Goal()
    while True:
        try:
            seen = await observer.observe()
            screen.show(seen)
            if until_caught_up and await _is_caught_up(settings, observer, seen, goal):
                return
        except (TargetUnavailable, SourceError) as error:
            # The halves wait for their servers; so does the display.
            if not error.retryable:
                raise
        await asyncio.sleep(TICK_S)


async def _is_caught_up(
    settings: Settings, observer: Observer, seen: Observation, goal: Goal
) -> bool:
    if goal.position is None:
        if not await _is_copied(settings, observer, seen):
            return False
        goal.position = await current_position(await observer.source())
    wanted = goal.position
    are_all_there = len(seen.landed) >= settings.partitions
    return are_all_there and all(covers(one.position, wanted) for one in seen.landed)


async def _is_copied(settings: Settings, observer: Observer, seen: Observation) -> bool:
    """Whether every table that is selected now is known and done."""
    if not seen.tables or not all(state.done for state in seen.tables):
        return False
    scope = Scope(settings.databases, settings.include, settings.exclude)
    tables = await read_tables(await observer.source(), scope)
    return {table.name for table in tables} <= {state.table for state in seen.tables}


async def _summary(
    settings: Settings, target: Target, console: Console, took_s: float
) -> Observation | None:
    """Print what is there now; None when MongoDB does not tell."""
    try:
        tables = selected(settings, await target.tables())
        landed = await target.landed()
        letters = await target.dead_letter_tables()
    except TargetUnavailable as error:
        console.print(f"No summary: {error}", markup=False, highlight=False)
        return None
    seen = Observation(0.0, 0, tables, landed, dead_letters=sum(letters.values()))
    for line in summary_lines(seen, letters, took_s):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return seen
