"""The way past what cannot be handled: an operator's decision, which is recorded.

A decision names one place of the log, and the tables that are copied anew behind it: what
stood there need not be understood to see what it left.
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
    """Asks for decisions, and carries them out."""

    state: State
    tables: Tables
    copies: Copies

    async def past(self, connection: Connection, error: SourceError, place: str) -> None:
        """Return if an operator has decided to go past this place, else raise the error again."""
        if not is_passable(error):
            raise error
        decision = await self.state.decision(place)
        if decision is None:
            raise type(error)(
                f"{error} To skip it, and to copy all tables again behind it: python -m migrator "
                f"pass {place} --because 'why' (and the --config of this migration)."
            ) from error
        log.warning(
            f"What stands at {place} is passed, as decided at {decision.at:%Y-%m-%d %H:%M} UTC "
            f"({decision.because}). It was: {error}"
        )
        scope = Scope((), decision.copy, folds=self.tables.scope.folds)
        names = [table.name for table in self.tables]
        names += [table.name for table in await read_tables(connection, self.tables.scope)]
        for name in dict.fromkeys(filter(scope.wants, names)):
            await self.copies.anew(connection, name, empties=True)


def is_passable(error: SourceError) -> bool:
    """Whether the tables as they are behind that place would do."""
    return isinstance(error, BinlogCorrupt) or (
        isinstance(error, UnsupportedChange) and error.passable
    )
