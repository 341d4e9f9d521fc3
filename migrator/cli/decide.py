"""What `pass` records."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console

from migrator.errors import ConfigurationError
from migrator.exit_codes import Exit
from migrator.model.scope import compiled
from migrator.model.state import Decision
from migrator.settings import Settings
from migrator.state.store import State

PLACE = re.compile(r"[^:\s]+:\d+")
EVERY_TABLE = ("*.*",)


async def decide(
    settings: Settings, console: Console, place: str, because: str, copy: Sequence[str] | None
) -> Exit:
    """Record that capture goes past a place of the log, and what is copied anew behind it.

    `copy` None: every table. Raises `ConfigurationError` for a place that is none.
    """
    if not PLACE.fullmatch(place):
        raise ConfigurationError(
            f"{place!r} is not a place in a binlog. Write FILE:OFFSET, as binlog.000012:3456."
        )
    patterns = EVERY_TABLE if copy is None else tuple(copy)
    for pattern in patterns:
        try:
            compiled(pattern)
        except ValueError as error:
            raise ConfigurationError(f"{error}.") from error
    async with State.connect(settings, "pass") as state:
        if not await state.landed():
            raise ConfigurationError(
                f"There is no migration in {settings.state_database} yet, so nothing to go past."
            )
        await state.decide(Decision(place, patterns, because, datetime.now(UTC)))
    copied = ", ".join(patterns) or "no table"
    console.print(
        f"Recorded in {settings.state_database}.decisions: capture goes past {place} and copies "
        f"{copied} anew behind it. Start it again.",
        soft_wrap=True,
        markup=False,
    )
    return Exit.COMPLETE
