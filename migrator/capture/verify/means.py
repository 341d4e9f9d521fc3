"""What a verification works with."""

import asyncio
from dataclasses import dataclass

from migrator.capture.stream.tables import Tables
from migrator.capture.stream.timeline import Timeline
from migrator.model.table import TableName
from migrator.mysql.source import Source
from migrator.runtime.room import Room
from migrator.state.store import State

POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Means:
    """The source, the target's state, and the stream between them."""

    source: Source
    timeline: Timeline
    tables: Tables
    state: State
    room: Room

    async def until_landed(self, table: TableName) -> None:
        """Wait until what has been emitted of a table is in the target. Raises `TargetError`."""
        batcher = self.timeline.batchers.of(table)
        wanted = batcher.last
        while True:
            landed = {one.partition: one.batch for one in await self.state.landed()}
            if landed[batcher.partition] >= wanted:
                return
            await asyncio.sleep(POLL_S)
