"""Both halves together: started, watched, shown, and ended when everything has landed."""

import asyncio
import time
from collections.abc import Sequence

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
from migrator.runtime.tasks import run_until_first_end
from migrator.settings import Settings
from migrator.state.store import State
from migrator.supervise.halves import Half, half_of_this_program

TICK_S = 0.5


async def run(settings: Settings, console: Console, *, until_caught_up: bool) -> Exit:
    """Run both halves until everything has landed, or until cancelled; print a summary.

    Raises `HalfFailed` when a half cannot go on, `SourceError` or `TargetError` when
    observing the servers fails for a reason that will not pass.
    """
    begin = time.monotonic()
    async with State.connect(settings, "run") as state:
        try:
            with Screen(console) as screen:
                environment = settings.environment()
                capture, apply = (
                    half_of_this_program(role, environment, screen.line) for role in Role
                )
                async with Observer(settings, state) as observer:
                    supervision = Supervision(settings, observer, screen, (capture, apply))
                    watching = supervision.watch(until_caught_up=until_caught_up)
                    await run_until_first_end(
                        watching=watching, capture=capture.keep(), apply=apply.keep()
                    )
        finally:
            seen = await _summary(settings, state, console, time.monotonic() - begin)
    return Exit.COMPLETE if seen and is_complete(seen) else Exit.INCOMPLETE


class Supervision:
    """Looks at the migration while both halves work, and shows it."""

    def __init__(
        self, settings: Settings, observer: Observer, screen: Screen, halves: Sequence[Half]
    ) -> None:
        self._settings = settings
        self._observer = observer
        self._screen = screen
        self._halves = halves
        # Where the source stood when the copy was complete.
        self._goal: Position | None = None

    async def watch(self, *, until_caught_up: bool) -> None:
        """Show the progress; with `until_caught_up`, return when the target has caught up.

        State of an earlier run counts only once this run's capture has reported: by then it has
        checked the servers and the tables.
        """
        while True:
            try:
                seen = await self._observer.observe()
                halves = [half.state for half in self._halves]
                self._screen.show(seen, halves)
                pids = [half.pid for half in halves if half.role is Role.CAPTURE]
                has_begun = seen.capture is not None and seen.capture.pid in pids
                if until_caught_up and has_begun and await self._is_caught_up(seen):
                    return
            except (TargetUnavailable, SourceError) as error:
                # The halves wait for their servers; so does the display.
                if not error.retryable:
                    raise
            await asyncio.sleep(TICK_S)

    async def _is_caught_up(self, seen: Observation) -> bool:
        if self._goal is None:
            if not await self._is_copied(seen):
                return False
            self._goal = await current_position(await self._observer.source())
        wanted = self._goal
        if len(seen.landed) < self._settings.partitions:
            return False
        if not all(covers(one.position, wanted) for one in seen.landed):
            return False
        now = await self._observer.observe()
        if now.suspects:
            return False
        # A statement read on the way there may have begun another copy.
        self._goal = None
        return await self._is_copied(now)

    async def _is_copied(self, seen: Observation) -> bool:
        """Whether every table that is selected now is known, and done or left out."""
        if not all(copy.done or copy.left_out for copy in seen.tables):
            return False
        source = await self._observer.source()
        scope = self._settings.scope.at(folds=source.server.folds)
        tables = await read_tables(source, scope)
        return {table.name for table in tables} <= {copy.table for copy in seen.tables}


async def _summary(
    settings: Settings, state: State, console: Console, took_s: float
) -> Observation | None:
    """Print the summary; None when MongoDB does not answer."""
    try:
        tables = selected(settings, await state.tables())
        landed = await state.landed()
        dead_letters = dead_letters_of(tables, await state.dead_letter_counts())
        suspects = await state.suspect_count()
    except TargetUnavailable as error:
        console.print(f"No summary: {error}", markup=False, highlight=False)
        return None
    seen = Observation(0.0, 0, tables, landed, dead_letters=dead_letters, suspects=suspects)
    if not landed:
        return seen  # Nothing has begun; the error that follows says why.
    for line in summary_lines(seen, took_s, settings.state_database):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return seen
