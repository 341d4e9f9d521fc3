"""The copy of the rows that exist already: without locks, and the stream never waits for it.

For each chunk of a table, in the order of its key: open a window, which notes the keys that the
stream emits; wait until the server shows everything that was emitted before; read; wait until
the stream has passed all that the read has shown; emit the rows, without those that were
emitted meanwhile. So a copied table is exactly the source's at the stream's position, from its
last chunk on. Nothing is written to the source.
"""

import asyncio
from dataclasses import dataclass, replace

from migrator.errors import SourceError, SourceUnavailable
from migrator.model.batch import Progress
from migrator.model.state import KeyRange, TableCopy
from migrator.model.table import TableName
from migrator.mysql.catalog.tables import Table, read_table
from migrator.mysql.source import Source
from migrator.mysql.wire.connection import Connection
from migrator.runtime.backoff import Backoff
from migrator.runtime.room import Room
from migrator.snapshot.chunk_reader import ChunkReader
from migrator.snapshot.chunks import Chunk
from migrator.snapshot.planner import explains
from migrator.snapshot.window import Timeline

STALE_POLL_S = 0.1


@dataclass(slots=True)
class RangeCopy:
    """One range of one table that is being copied; `table` follows redefinitions.

    After `spoiled` windows in a row the chunks are smaller, which keeps their windows short.
    """

    table: Table
    range: KeyRange
    number: int
    generation: int
    spoiled: int = 0

    def after(self, chunk: Chunk) -> Progress:
        """How far the copy of the range has come when the chunk has landed."""
        return Progress(
            table=self.table.name,
            part=self.number,
            rows=chunk.rows,
            last=chunk.last or self.range.last,
            done=chunk.is_last,
            generation=self.generation,
        )


class Copier:
    """Copies the tables that are not complete yet, several ranges at a time.

    `rows` have been read and sent in `chunks`; `noted` of them were left out, because the
    stream had newer ones.
    """

    def __init__(self, source: Source, timeline: Timeline, room: Room, chunk_rows: int) -> None:
        self._source = source
        self._timeline = timeline
        self._room = room
        self._chunks = ChunkReader(source, chunk_rows)
        self.rows = self.noted = self.chunks = 0
        self._ranges: asyncio.Queue[RangeCopy] = asyncio.Queue()
        self._generations: dict[TableName, int] = {}
        self._left: dict[TableName, set[int]] = {}

    @property
    def tables_left(self) -> int:
        """How many tables are not completely read."""
        return len(self._left)

    def begin(self, table: Table, copy: TableCopy) -> None:
        """Copy what is left of a table; an older copy of it ends."""
        left = {number: part for number, part in enumerate(copy.parts) if not part.done}
        self._generations[copy.table] = copy.generation
        self._left[copy.table] = set(left)
        for number, part in left.items():
            self._ranges.put_nowait(RangeCopy(table, part, number, copy.generation))

    def end(self, table: TableName) -> None:
        """Stop copying a table."""
        self._generations.pop(table, None)
        self._left.pop(table, None)

    async def run(self, readers: int) -> None:
        """Copy until cancelled, also tables that are begun later. Raises `MigratorError`."""
        async with asyncio.TaskGroup() as group:
            for number in range(readers):
                group.create_task(self._read(), name=f"snapshot reader {number}")

    async def _read(self) -> None:
        while True:
            one = await self._ranges.get()
            backoff = Backoff()
            while self._is_wanted(one):
                try:
                    async with await self._source.connect() as connection:
                        # As long as the connection and the table's definition last.
                        while self._is_wanted(one) and not connection.closed:
                            await self._copy_chunk(connection, one)
                except SourceUnavailable as error:
                    await backoff.pause(error, "The chunk is read again")
                except SourceError as error:
                    await self._follow(one, error)

    def _is_wanted(self, one: RangeCopy) -> bool:
        name = one.table.name
        is_left = one.number in self._left.get(name, ())
        return is_left and self._generations.get(name) == one.generation

    async def _copy_chunk(self, connection: Connection, one: RangeCopy) -> None:
        """Copy the next chunk of the range."""
        await self._room.room()
        async with self._timeline.window(one.table.name) as window:
            # Another copy may have begun before the window was open; later ones spoil it.
            if not self._is_wanted(one):
                return
            limit = self._chunks.limit(one.table, one.spoiled)
            chunk, place = await self._chunks.read(
                connection, window.position, one.table, one.range, limit
            )
            await window.until_passed(place, chunk.groups)
            await self._room.room()
            emitted = await window.emit(chunk.groups, one.after(chunk))
        if emitted is None:
            one.spoiled += 1
            return
        one.spoiled = 0
        one.range = replace(one.range, last=chunk.last or one.range.last)
        self.chunks += 1
        self.rows += chunk.rows
        self.noted += chunk.rows - emitted
        if chunk.is_last:
            left = self._left[one.table.name]
            left.discard(one.number)
            if not left:
                del self._left[one.table.name]

    async def _follow(self, one: RangeCopy, error: SourceError) -> None:
        """Go on with the table's new definition; raise the error if that is not its cause."""
        async with await self._source.connect() as connection:
            now = await read_table(connection, one.table.name)
        if not explains(error, one.table, now):
            raise error
        if now is not None and now.key and now.key_columns == one.table.key_columns:
            one.table = now
        else:
            # It is gone, or its rows have other keys: the stream will show it and end the copy.
            await asyncio.sleep(STALE_POLL_S)
