"""Reads partial rows again in the source, before their transaction ends.

A server may fail to find a row that exists, so a row that one SELECT does not return is asked
for by a second one that is written differently. Only a row that neither returns is gone. Even
then its document is kept if the log will show the deletion; it is deleted here only if a
savepoint may have undone the row, because no event will follow for it.
"""

from collections.abc import Callable, Sequence

from migrator.capture.stream.partial_rows import PartialRows
from migrator.capture.stream.tables import Tables
from migrator.capture.stream.timeline import Timeline
from migrator.capture.stream.unsupported import cascade_undone
from migrator.errors import SourceError, SourceUnavailable
from migrator.model.document_key import document_key, has_key
from migrator.model.rows import Operation, RowGroup
from migrator.model.table import TableName
from migrator.mysql.catalog.tables import Table, read_table
from migrator.mysql.source import Source
from migrator.runtime.room import Room
from migrator.snapshot.chunks import Chunk, read_chunk, rows_between_sql, rows_sql
from migrator.snapshot.consistent_read import consistent_read
from migrator.snapshot.planner import READ_TABLE_TRIES, explains

ROWS_MAX = 500
RowsSql = Callable[[Table, Sequence[bytes]], str]
"""Makes the SELECT of the rows with these document keys."""


class Reread:
    """Reads rows as they are now; the stream shows later what has happened to them since."""

    def __init__(
        self,
        source: Source,
        timeline: Timeline,
        tables: Tables,
        room: Room,
    ) -> None:
        self._source = source
        self._timeline = timeline
        self._tables = tables
        self._room = room

    async def answer(self, partial: PartialRows) -> None:
        """Emit the rows in the open transaction.

        Raises `SourceError`, `UnsupportedChange` if what a foreign key did was perhaps undone.
        """
        if partial.is_cascade_undone:
            raise cascade_undone()
        for name, documents in partial.in_part.items():
            await self._reread(name, documents)
        for name, documents in partial.undone.items():
            gone = await self._reread(name, documents)
            if gone:
                batcher = self._timeline.batchers.of(name)
                self._timeline.emit(name, batcher, RowGroup(Operation.DELETE, gone))

    async def _reread(self, name: TableName, documents: Sequence[bytes]) -> list[bytes]:
        """Emit the rows that exist; return the keys of the others."""
        table = self._tables.get(name)
        if table is None:
            return []  # It was dropped or renamed since, and the stream will show that.
        todo = list(dict.fromkeys(map(document_key, documents)))
        missing: list[bytes] = []
        for start in range(0, len(todo), ROWS_MAX):
            await self._room.room()
            some = todo[start : start + ROWS_MAX]
            for select in rows_sql, rows_between_sql:
                if some:
                    some = await self._emit_found(table, some, select)
            missing += some
        return missing

    async def _emit_found(
        self, table: Table, documents: list[bytes], select: RowsSql
    ) -> list[bytes]:
        """Emit the rows that this SELECT returns; return the keys of the others."""
        chunk = await self._rows_now(table, documents, select)
        if chunk is None:
            return []
        if not chunk.is_last and len(documents) > 1:
            # The result was too large and ended early: ask for half of the rows at a time.
            middle = len(documents) // 2
            halves = documents[:middle], documents[middle:]
            return [one for half in halves for one in await self._emit_found(table, half, select)]
        found = self._emit(table.name, chunk)
        return [one for one in documents if one not in found]

    def _emit(self, name: TableName, chunk: Chunk) -> set[bytes]:
        batcher = self._timeline.batchers.of(name)
        found: set[bytes] = set()
        for group in chunk.groups:
            operation = Operation.PUT if group.operation is Operation.INSERT else group.operation
            self._timeline.emit(name, batcher, RowGroup(operation, group.rows))
            found.update(document_key(row) for row in group.rows if has_key(row))
        return found

    async def _rows_now(self, table: Table, keys: Sequence[bytes], select: RowsSql) -> Chunk | None:
        """The rows with these keys; None if the table is gone or has another key by now."""
        now: Table | None = table
        for _ in range(READ_TABLE_TRIES):
            # A table that was dropped, renamed or given another key is copied again when the
            # stream gets there; these keys no longer name its rows.
            if now is None or now.key_columns != table.key_columns:
                return None
            async with await self._source.connect() as connection:
                try:
                    async with consistent_read(connection, self._timeline.reached):
                        sql, limit = select(now, keys), len(keys) + 1
                        return await read_chunk(connection, sql, now, self._source.options, limit)
                except SourceError as error:
                    if error.retryable:
                        raise
                    # Altered since: read them by the new definition; a new copy follows anyway.
                    before, now = now, await read_table(connection, table.name)
                    if not explains(error, before, now):
                        raise
        raise SourceUnavailable(
            f"{table.name} was altered {READ_TABLE_TRIES} times while rows of it were read again."
        )
