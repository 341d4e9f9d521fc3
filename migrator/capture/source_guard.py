"""Checks every few seconds that the source still has what was read from it."""

import asyncio

import structlog

from migrator.capture.landing_watch import LandingWatch
from migrator.capture.stream.tables import Tables
from migrator.errors import PositionLost, SourceError, SourceUnavailable
from migrator.model.position import Position
from migrator.model.table import TableName
from migrator.mysql.catalog.tables import Table
from migrator.mysql.position.log import check_still_available, current_position
from migrator.mysql.position.order import covers
from migrator.mysql.position.read_position import ReadPosition
from migrator.mysql.source import Source
from migrator.mysql.wire.connection import Connection

INTERVAL_S = 2.5
LOST_LOOKS_MAX = 2

log = structlog.get_logger()


class SourceGuard:
    """Checks the source over a connection of its own, for two faults that the stream hides.

    A server whose log was reset goes on sending heartbeats to connected replicas. And where the
    catalogue is ahead of the stream, rows are left out until the stream reaches their table's
    new definition. If the stream has passed the position at which this was noticed and no new
    definition came, those rows would be missing forever.
    """

    def __init__(
        self, source: Source, landing: LandingWatch, tables: Tables, position: ReadPosition
    ) -> None:
        self._source = source
        self._landing = landing
        self._tables = tables
        self._position = position
        self._lost_looks = 0
        self._disagreeing: dict[TableName, tuple[Table, Position]] = {}

    async def run(self) -> None:
        """Raises `PositionLost` when the source no longer has the log after what has landed.

        Raises `SourceError` when the log and the catalogue disagree on a table's key.
        """
        while True:
            await asyncio.sleep(INTERVAL_S)
            try:
                async with await self._source.connect() as connection:
                    await self.look(connection)
                self._lost_looks = 0
            except SourceUnavailable as error:
                log.info(f"{error} The stream waits for the source, too.")
            except PositionLost:
                # A single check may see a transaction that was sent and is not committed yet.
                self._lost_looks += 1
                if self._lost_looks == LOST_LOOKS_MAX:
                    raise

    async def look(self, connection: Connection) -> None:
        """Check once; raises what `run` raises."""
        for landed in self._landing.landed:
            await check_still_available(connection, landed.position)
        still = {}
        for name, table in self._tables.disagreeing.items():
            seen = self._disagreeing.get(name)
            if seen is None or seen[0] is not table:
                seen = table, await current_position(connection)
            elif covers(self._position.committed, seen[1]):
                raise _disagreement(table)
            still[name] = seen
        self._disagreeing = still


def _disagreement(table: Table) -> SourceError:
    return SourceError(
        f"{table.name}: the binlog and information_schema disagree on its key "
        f"({', '.join(column.name for column in table.key_columns)}). This is an error "
        "of the migrator; please report it. To go on: exclude the table, or give it a "
        "primary key, and start again."
    )
