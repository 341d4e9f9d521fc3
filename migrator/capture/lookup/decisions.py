"""An operator's recorded decision to skip an event that cannot be handled.

A decision names one position of the log, and the tables that are copied again after it: the
copy shows what the event did, so the event itself need not be understood.
"""

from dataclasses import dataclass

import structlog

from migrator.capture.lookup.copies import Copies
from migrator.capture.stream.tables import Tables
from migrator.errors import BinlogCorrupt, SourceError, UnsupportedChange
from migrator.model.scope import Scope
from migrator.mysql.catalog.tables import read_tables
from migrator.mysql.wire.connection import Connection
from migrator.state.store import State

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Decisions:
    """Looks for decisions, and carries them out."""

    state: State
    tables: Tables
    copies: Copies

    async def skip(self, connection: Connection, error: SourceError, position: str) -> None:
        """Skip the event at this position if an operator has decided so; else raise the error."""
        if not is_passable(error):
            raise error
        decision = await self.state.decision(position)
        if decision is None:
            raise type(error)(
                f"{error} To skip it and copy all tables again after it: python -m migrator pass "
                f"{position} --because 'why' (and the --config of this migration)."
            ) from error
        log.warning(
            f"The event at {position} is skipped, as decided at {decision.at:%Y-%m-%d %H:%M} UTC "
            f"({decision.because}). The error was: {error}"
        )
        scope = Scope((), decision.copy, folds=self.tables.scope.folds)
        names = [table.name for table in self.tables]
        names += [table.name for table in await read_tables(connection, self.tables.scope)]
        for name in dict.fromkeys(filter(scope.wants, names)):
            await self.copies.restart(connection, name, empties=True)


def is_passable(error: SourceError) -> bool:
    """Whether an operator may skip the event: copying tables again makes up for it."""
    return isinstance(error, BinlogCorrupt) or (
        isinstance(error, UnsupportedChange) and error.passable
    )
