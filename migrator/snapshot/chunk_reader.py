"""Reads the next chunk of a range, and says by which place in the log all that it shows is."""

from dataclasses import dataclass

from migrator.model.position import Position
from migrator.model.state import KeyRange
from migrator.mysql.catalog.tables import Table
from migrator.mysql.source import Source
from migrator.mysql.wire.connection import Connection
from migrator.snapshot.chunks import Chunk, chunk_sql, read_chunk
from migrator.snapshot.consistent_read import consistent_read

CHUNK_AIM_BYTES = 16 * 1024 * 1024
SPOILED_ROWS_MIN = 50


@dataclass(frozen=True, slots=True)
class ChunkReader:
    """Reads at most `chunk_rows` rows at a time, and fewer where rows are large."""

    source: Source
    chunk_rows: int

    def limit(self, table: Table, spoiled: int) -> int:
        """How many rows the next chunk may have, after so many spoiled windows in a row.

        Smaller chunks keep their windows short.
        """
        fitting = CHUNK_AIM_BYTES // max(1, table.row_bytes)
        limit = max(1, min(self.chunk_rows, fitting))
        return max(min(limit, SPOILED_ROWS_MIN), limit >> spoiled)

    async def read(
        self,
        connection: Connection,
        position: Position,
        table: Table,
        part: KeyRange,
        limit: int,
    ) -> tuple[Chunk, Position]:
        """The rows after the last of the range, not older than at `position`; and the place.

        Raises `SourceError`, `KeyUnreadable`.
        """
        async with consistent_read(connection, position):
            sql = chunk_sql(table, part.last, part, limit)
            chunk = await read_chunk(connection, sql, table, self.source.options, limit)
        return chunk, await self.source.shown_by_now(connection, position.server)
