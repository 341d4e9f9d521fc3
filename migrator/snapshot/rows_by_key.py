"""Reads rows by their keys, as they are now.

A server may fail to find a row that exists, so a row that one SELECT does not return is asked
for by a second one that is written differently. Only a row that neither returns is gone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from migrator.errors import SourceError, SourceUnavailable
from migrator.model.document_key import document_key, has_key
from migrator.model.position import Position
from migrator.model.rows import RowGroup
from migrator.mysql.catalog.tables import Table, read_table
from migrator.mysql.source import Source
from migrator.snapshot.chunks import Chunk, read_chunk, rows_between_sql, rows_sql
from migrator.snapshot.consistent_read import consistent_read
from migrator.snapshot.planner import READ_TABLE_TRIES, explains

NOTHING = Chunk((), 0, None, is_last=True)
KEYS_MAX = 500
"""How many keys one call takes at most."""
RowsSql = Callable[[Table, Sequence[bytes]], str]
"""Makes the SELECT of the rows with these document keys."""


@dataclass(slots=True)
class Found:
    """The rows that exist, and the keys of others; by `place` the log has all that they show."""

    groups: list[RowGroup] = field(default_factory=list)
    missing: list[bytes] = field(default_factory=list)
    place: Position = field(default_factory=Position)

    def add(self, keys: Sequence[bytes], chunk: Chunk) -> None:
        """Take what was found of these keys."""
        self.groups += chunk.groups
        rows = (row for group in chunk.groups for row in group.rows)
        found = {document_key(row) for row in rows if has_key(row)}
        self.missing += [key for key in keys if key not in found]


@dataclass(frozen=True, slots=True)
class RowsByKey:
    """Reads over a new connection each time: servers close idle ones."""

    source: Source

    async def read(self, table: Table, keys: Sequence[bytes], position: Position) -> Found | None:
        """The rows with these keys `{_id}`, not older than at `position`; at most `KEYS_MAX`.

        None if the table is gone or has another key by now: the stream will show that, and these
        keys no longer name its rows. Raises `SourceError`.
        """
        found = Found(missing=list(dict.fromkeys(map(document_key, keys))))
        for select in rows_sql, rows_between_sql:
            waiting, found.missing = [found.missing], []
            while waiting:
                some = waiting.pop()
                chunk = await self._read(table, some, position, select) if some else NOTHING
                if chunk is None:
                    return None
                if chunk.is_last or len(some) == 1:
                    found.add(some, chunk)
                else:
                    # The result was too large and ended early: ask for half of the rows at a time.
                    middle = len(some) // 2
                    waiting += [some[middle:], some[:middle]]
        async with await self.source.connect() as connection:
            found.place = await self.source.shown_by_now(connection, position.server)
        return found

    async def _read(
        self, table: Table, keys: Sequence[bytes], position: Position, select: RowsSql
    ) -> Chunk | None:
        now: Table | None = table
        for _ in range(READ_TABLE_TRIES):
            if now is None or now.key_columns != table.key_columns:
                return None
            async with await self.source.connect() as connection:
                try:
                    async with consistent_read(connection, position):
                        sql, limit = select(now, keys), len(keys) + 1
                        return await read_chunk(connection, sql, now, self.source.options, limit)
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
