"""Reads rows again that foreign keys may have changed: only the source can tell.

Such rows are right in the end, not from the moment of the cascade on. They are emitted as a
chunk is: at the stream's position, without those that the stream has emitted meanwhile.
"""

from collections.abc import Sequence
from typing import Any

from migrator.capture.lookup.candidates import Candidates
from migrator.capture.lookup.reread import changes_of
from migrator.capture.stream.references import References
from migrator.capture.stream.timeline import Timeline
from migrator.model.batch import BatchId
from migrator.mysql.catalog.tables import Table
from migrator.mysql.source import Source
from migrator.runtime.room import Room
from migrator.runtime.tasks import keep_looking
from migrator.snapshot.rows_by_key import KEYS_MAX, RowsByKey
from migrator.state.store import State
from migrator.state.suspects import Suspect, Suspects

INTERVAL_S = 1.0


class SuspectRows:
    """Settles suspects, one after another; a suspect is forgotten when what was read has landed."""

    def __init__(
        self,
        source: Source,
        state: State,
        timeline: Timeline,
        references: References,
        room: Room,
    ) -> None:
        self._state = state
        self._timeline = timeline
        self._room = room
        self._references = references
        self._suspects = Suspects(state)
        self._rows = RowsByKey(source)
        self._candidates = Candidates(source, state.target)
        # By the id of a suspect: the partition, and the batch that settles it.
        self._sent: dict[Any, tuple[int, BatchId]] = {}

    async def run(self) -> None:
        """Look for suspects until cancelled. Raises `SourceError`, `TargetError`."""
        await keep_looking(self._look, INTERVAL_S, "Suspect rows are read again")

    async def _look(self) -> None:
        await self._settle()
        for suspect in await self._suspects.open(list(self._sent)):
            await self._look_at(suspect)

    async def _settle(self) -> None:
        if not self._sent:
            return
        landed = {one.partition: one.batch for one in await self._state.landed()}
        settled = [one for one, (number, batch) in self._sent.items() if landed[number] >= batch]
        await self._suspects.settle(settled)
        for one in settled:
            del self._sent[one]

    async def _look_at(self, suspect: Suspect) -> None:
        table = self._references.tables.get(suspect.table)
        keys: list[bytes] = []
        if table is not None:
            async for key in self._candidates.of(suspect, table):
                keys.append(key)
                if len(keys) == KEYS_MAX:
                    await self._read_again(table, keys)
                    keys = []
            if keys:
                await self._read_again(table, keys)
        batcher = self._timeline.batchers.of(suspect.table)
        self._sent[suspect.id] = (batcher.partition, batcher.last)

    async def _read_again(self, table: Table, keys: Sequence[bytes]) -> None:
        """Emit what the rows are now, and what follows if they are gone or refer to others."""
        is_emitted = False
        while not is_emitted:
            await self._room.room()
            async with self._timeline.window(table.name) as window:
                found = await self._rows.read(table, keys, window.position)
                if found is None:
                    return
                groups = list(changes_of(table, found, self._references.to(table.name)))
                await window.until_passed(found.place, groups)
                is_emitted = await window.emit(groups, None) is not None
