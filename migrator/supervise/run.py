"""Both halves together: started, watched, shown, and ended when all has arrived."""

import asyncio
import time
from collections.abc import Awaitable
from dataclasses import dataclass

from rich.console import Console

from migrator.errors import SourceError, TargetUnavailable
from migrator.exit_codes import Exit
from migrator.model.position import Position
from migrator.mysql.catalog.tables import read_tables
from migrator.mysql.position.log import current_position
from migrator.mysql.position.order import covers
from migrator.observe.observer import Observer, dead_letters_of, selected
from migrator.observe.progress import Observation
from migrator.observe.reports import Role
from migrator.observe.summary import is_complete, summary_lines
from migrator.observe.terminal import Screen
from migrator.settings import Settings
from migrator.state.store import State
from migrator.supervise.halves import Half, half_of_this_program

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
    async with State.connect(settings, "run") as state:
        try:
            with Screen(console, lambda: [half.state for half in halves]) as screen:
                environment = settings.environment()
                halves += [half_of_this_program(role, environment, screen.line) for role in Role]
                async with Observer(settings, state) as observer:
                    capture = halves[0] if until_caught_up else None
                    watching = _watch(settings, observer, screen, capture)
                    await _first_end(watching, *(half.keep() for half in halves))
        finally:
            seen = await _summary(settings, state, console, time.monotonic() - begin)
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
    settings: Settings, observer: Observer, screen: Screen, capture: Half | None
) -> None:
    """Show how it goes; with `capture`, return when all that the source had has arrived.

    What an earlier run left counts only once this capture reports: then it has looked at
    the servers and the tables.
    """
    goal = Goal()
    while True:
        try:
            seen = await observer.observe()
            screen.show(seen)
            has_begun = capture is not None and _reports(seen, capture)
            if has_begun and await _is_caught_up(settings, observer, seen, goal):
                return
        except (TargetUnavailable, SourceError) as error:
            # The halves wait for their servers; so does the display.
            if not error.retryable:
                raise
        await asyncio.sleep(TICK_S)


def _reports(seen: Observation, capture: Half) -> bool:
    return seen.capture is not None and seen.capture.pid == capture.state.pid


async def _is_caught_up(
    settings: Settings, observer: Observer, seen: Observation, goal: Goal
) -> bool:
    if goal.position is None:
        if not await _is_copied(settings, observer, seen):
            return False
        goal.position = await current_position(await observer.source())
    wanted = goal.position
    if len(seen.landed) < settings.partitions:
        return False
    if not all(covers(one.position, wanted) for one in seen.landed):
        return False
    # A definition on the way there may have begun another copy.
    goal.position = None
    return await _is_copied(settings, observer, await observer.observe())


async def _is_copied(settings: Settings, observer: Observer, seen: Observation) -> bool:
    """Whether every table that is selected now is known, and done or left out."""
    if not all(copy.done or copy.left_out for copy in seen.tables):
        return False
    source = await observer.source()
    scope = settings.scope.at(folds=source.server.folds)
    tables = await read_tables(source, scope)
    return {table.name for table in tables} <= {copy.table for copy in seen.tables}


async def _summary(
    settings: Settings, state: State, console: Console, took_s: float
) -> Observation | None:
    """Print what is there now; None when MongoDB does not tell."""
    try:
        tables = selected(settings, await state.tables())
        landed = await state.landed()
        dead_letters = dead_letters_of(tables, await state.dead_letter_counts())
    except TargetUnavailable as error:
        console.print(f"No summary: {error}", markup=False, highlight=False)
        return None
    seen = Observation(0.0, 0, tables, landed, dead_letters=dead_letters)
    if not landed:
        return seen  # Nothing has begun; the error that follows says why.
    for line in summary_lines(seen, took_s, settings.state_database):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return seen
