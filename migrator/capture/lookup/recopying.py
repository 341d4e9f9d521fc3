"""Copies tables anew that an operator has asked for, beside the stream."""

import structlog

from migrator.capture.lookup.copies import Copies
from migrator.capture.stream.timeline import Timeline
from migrator.mysql.source import Source
from migrator.mysql.wire.connection import Connection
from migrator.runtime.tasks import keep_looking
from migrator.snapshot.consistent_read import consistent_read
from migrator.state.recopies import Recopies

INTERVAL_S = 1.0

log = structlog.get_logger()


class Recopying:
    """Carries out requests between two transactions, by what an ALTER does.

    A request is forgotten after its copy has been saved. A crash in between repeats it, so a
    collection that was emptied is always filled again.
    """

    def __init__(
        self, recopies: Recopies, source: Source, timeline: Timeline, copies: Copies
    ) -> None:
        self._recopies = recopies
        self._source = source
        self._timeline = timeline
        self._copies = copies

    async def run(self) -> None:
        """Look for requests about once a second. Raises what another try does not repair."""
        await keep_looking(
            self._carry_out_between_transactions,
            INTERVAL_S,
            "The requests to copy tables anew are read again",
        )

    async def _carry_out_between_transactions(self) -> None:
        if not await self._recopies.open():
            return
        async with await self._source.connect() as connection, self._timeline.pause():
            # The server's log is ahead of its tables: without this wait, rows that the stream
            # has shown might be above the greatest key of the new copy.
            async with consistent_read(connection, self._timeline.position.committed):
                pass
            await self.carry_out(connection)

    async def carry_out(self, connection: Connection) -> None:
        """Begin all copies that were asked for, while no transaction is open and no event comes."""
        for recopy in await self._recopies.open():
            if self._source.scope.wants(recopy.table):
                log.info(f"{recopy.table} is copied anew, as asked for: {recopy.because or '-'}")
                await self._copies.restart(connection, recopy.table, empties=True)
            else:
                log.warning(f"{recopy.table} is not copied anew: the settings do not select it.")
            await self._recopies.forget(recopy)
