"""What `verify` prints, and writes for machines."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from migrator.errors import ConfigurationError
from migrator.exit_codes import Exit
from migrator.independent import report as independent
from migrator.independent.display import Bars
from migrator.independent.verify import Verification
from migrator.observe.verification_report import report, summary, verdict
from migrator.settings import Settings
from migrator.state.store import State
from migrator.state.verification import Verifications
from migrator.supervise.verify import verify as verify_by_halves
from migrator.supervise.wish import Wish

KEPT_MAX = 10_000
"""Differences of one table that `_migrator.differences` keeps."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for; `json` is the file for machines."""

    wish: Wish = field(default_factory=Wish)
    json: Path | None = None

    def check(self, *, is_independent: bool) -> None:
        """Raise `ConfigurationError` for what cannot be asked for."""
        if self.json is not None and not self.json.parent.is_dir():
            raise ConfigurationError(f"--json: there is no folder {self.json.parent}.")
        if is_independent and (self.wish.repair or self.wish.rows_per_second):
            raise ConfigurationError(
                "--independent only compares: leave out --repair and --rows-per-second."
            )

    def write(self, found: Mapping[str, Any]) -> None:
        """Write the findings for machines, if the command line names a file."""
        if self.json is not None:
            self.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


async def verify(
    settings: Settings, console: Console, wanted: Wanted, of_halves: Callable[[], Settings]
) -> Exit:
    """Let the halves compare, and print what differs."""
    wanted.check(is_independent=False)
    begun_s, errors = time.monotonic(), Console(stderr=True, highlight=False)
    try:
        found = await verify_by_halves(settings, wanted.wish, errors, of_halves)
    except asyncio.CancelledError:
        errors.print("Stopped. The same command goes on where this one was.")
        raise
    kept = len(found.tables) * KEPT_MAX
    async with State.connect(settings, "verify") as state:
        differences = await Verifications(state).differences(kept)
    summary(found, differences, console, settings.state_database)
    console.print(verdict(found, time.monotonic() - begun_s), soft_wrap=True)
    wanted.write(report(found, differences))
    return Exit.COMPLETE if found.is_equal else Exit.INCOMPLETE


async def verify_independently(settings: Settings, console: Console, wanted: Wanted) -> Exit:
    """Compare by ordinary clients, and print what differs."""
    wanted.check(is_independent=True)
    wish = wanted.wish
    if wish.databases or wish.tables:
        settings = settings.model_copy(update={"include": ()})  # The names narrow the selection.
    async with Verification.connect(settings) as verification:
        with Bars(Console(stderr=True, highlight=False)) as bars:
            found = await verification.run(wish.tables, bars)
    independent.summary(found, console, hide_values=wish.hide_values)
    wanted.write(independent.report(found, hide_values=wish.hide_values))
    return Exit.COMPLETE if found.is_equal else Exit.INCOMPLETE
