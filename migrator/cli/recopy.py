"""What `recopy` asks capture to do."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console

from migrator.errors import ConfigurationError
from migrator.exit_codes import Exit
from migrator.model.table import TableName
from migrator.observe.alive import running
from migrator.observe.reports import Role
from migrator.settings import Settings
from migrator.state.recopies import Recopies, Recopy
from migrator.state.store import State


async def recopy(settings: Settings, console: Console, tables: Sequence[str], because: str) -> Exit:
    """Ask capture to copy these tables anew.

    Raises `ConfigurationError` for a name that is none, or a table that is not known; then
    nothing is asked for.
    """
    names = [named(table) for table in tables]
    async with State.connect(settings, "recopy") as state:
        known = {copy.table for copy in await state.tables() if copy.parts or copy.left_out}
        for name in names:
            _check(name, known, settings)
        for name in names:
            await Recopies(state).ask(Recopy(name, because, datetime.now(UTC)))
        is_captured = Role.CAPTURE in await running(state)
    listed = ", ".join(map(str, names))
    when = (
        f"Capture empties and copies {listed} anew within a second or two."
        if is_captured
        else f"Nothing reads the source now. The next `run` or `capture` empties and copies "
        f"{listed} anew, first of all."
    )
    console.print(
        f"{when} `python -m migrator status` shows how far it is.", soft_wrap=True, markup=False
    )
    return Exit.COMPLETE


def named(text: str) -> TableName:
    """The table that is written DATABASE.TABLE; raises `ConfigurationError`."""
    database, _, name = text.partition(".")
    if not (database and name):
        raise ConfigurationError(
            f"{text!r} is no name of a table. Write DATABASE.TABLE, such as shop.orders."
        )
    return TableName(database, name)


def _check(name: TableName, known: set[TableName], settings: Settings) -> None:
    if name in known:
        return
    raise ConfigurationError(
        f"The migration in {settings.state_database} does not know the table {name}. "
        "`python -m migrator status` lists those that it knows."
    )
