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

POSITION = re.compile(r"[^:\s]+:\d+")
EVERY_TABLE = ("*.*",)


async def decide(
    settings: Settings, console: Console, position: str, because: str, copy: Sequence[str] | None
) -> Exit:
    """Record that capture skips the event at a position, and what is copied again after it.

    `copy` None: every table. Raises `ConfigurationError` for a malformed position or pattern.
    """
    if not POSITION.fullmatch(position):
        raise ConfigurationError(
            f"{position!r} is not a position in a binlog. Write FILE:OFFSET, such as "
            "binlog.000012:3456."
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
                f"There is no migration in {settings.state_database} yet, so there is nothing to "
                "skip."
            )
        await state.decide(Decision(position, patterns, because, datetime.now(UTC)))
    copied = ", ".join(patterns) or "no table"
    console.print(
        f"Recorded in {settings.state_database}.decisions: capture skips the event at {position} "
        f"and copies {copied} again after it. Start capture again.",
        soft_wrap=True,
        markup=False,
    )
    return Exit.COMPLETE
