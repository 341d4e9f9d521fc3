"""What `verify` prints, and writes for machines."""

import json
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from migrator.errors import ConfigurationError
from migrator.exit_codes import Exit
from migrator.independent.display import Bars
from migrator.independent.report import report, summary
from migrator.independent.verify import Verification
from migrator.settings import Settings


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for; without any names, everything that the settings select."""

    databases: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    hide_values: bool = False
    json: Path | None = None


async def verify(
    settings: Settings, console: Console, wanted: Wanted, *, independent: bool
) -> Exit:
    """Compare, and print what differs. Raises `ConfigurationError` for what cannot be asked."""
    if not independent:
        raise ConfigurationError("There is only the independent comparison: add --independent.")
    if wanted.json is not None and not wanted.json.parent.is_dir():
        raise ConfigurationError(f"--json: there is no folder {wanted.json.parent}.")
    if wanted.databases or wanted.tables:
        settings = settings.model_copy(update={"include": ()})  # The names narrow the selection.
    async with Verification.connect(settings) as verification:
        with Bars(Console(stderr=True, highlight=False)) as bars:
            found = await verification.run(wanted.tables, bars)
    summary(found, console, hide_values=wanted.hide_values)
    if wanted.json is not None:
        text = json.dumps(report(found, hide_values=wanted.hide_values), indent=2)
        wanted.json.write_text(text + "\n", "utf-8")
    return Exit.COMPLETE if found.is_equal else Exit.INCOMPLETE
