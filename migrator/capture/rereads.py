"""Rows of which the log does not show everything are read again, before their transaction ends.

An answer of the server is believed only if the question was sound. A row that one question
does not find is asked for by another, and only what neither finds is gone. Even then nothing
is deleted if the log itself will show how the row went; only rows that a savepoint may have
undone are, because no event of theirs is to come.
"""

from collections.abc import Awaitable, Callable, Sequence

from migrator.capture.partial_rows import Doubts
from migrator.capture.tables import Tables
from migrator.capture.transactions import Assembler
from migrator.errors import SourceError, SourceUnavailable
from migrator.model.document_key import document_key, has_key
from migrator.model.rows import Operation, RowGroup
from migrator.model.table import TableName
from migrator.mysql.catalog.key_literals import Literals
from migrator.mysql.catalog.tables import Table, read_table
from migrator.mysql.wire.connection import Connection
from migrator.snapshot.chunks import Chunk, key_of, read_chunk, rows_between_sql, rows_sql
from migrator.snapshot.consistent_read import reading
from migrator.snapshot.planner import READ_TABLE_TRIES, explains

ROWS_MAX = 500
Question = Callable[[Table, Sequence[Literals]], str]


class Rereads:
    """Reads rows as they are now; what has happened to them since comes later anyway."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        assembler: Assembler,
        tables: Tables,
        room: Callable[[], Awaitable[None]],
    ) -> None:
        self._connect = connect
        self._assembler = assembler
        self._tables = tables
        self._room = room

    async def resolve(self, doubts: Doubts) -> None:
        """Emit the rows in the open transaction. Raises `SourceError`."""
        for name, documents in doubts.in_part.items():
            await self._reread(name, documents)
        for name, documents in doubts.undone.items():
            gone = await self._reread(name, documents)
            if gone:
                self._assembler.emit(
                    name, self._tables.lane_of(name), RowGroup(Operation.DELETE, gone)
                )

    async def _reread(self, name: TableName, documents: Sequence[bytes]) -> list[bytes]:
        """Emit those that are there; returns the keys of the others."""
        table = self._tables.get(name)
        if table is None:
            return []  # It was dropped or renamed since, and the stream will say so.
        todo = list(dict.fromkeys(map(document_key, documents)))
        missing: list[bytes] = []
        for start in range(0, len(todo), ROWS_MAX):
            await self._room()
            some = todo[start : start + ROWS_MAX]
            missing += await self._ask_twice(table, some)
        return missing

    async def _ask_twice(self, table: Table, documents: list[bytes]) -> list[bytes]:
        missing = documents
        for question in rows_sql, rows_between_sql:
            if missing:
                missing = await self._ask(table, missing, question)
        return missing

    async def _ask(self, table: Table, documents: list[bytes], question: Question) -> list[bytes]:
        keys = [key_of(table, document) for document in documents]
        chunk = await self._rows_now(table, keys, question)
        if chunk is None:
            return []
        if not chunk.is_last and len(documents) > 1:
            # Too large for one answer, which ended early.
            middle = len(documents) // 2
            halves = documents[:middle], documents[middle:]
            return [one for half in halves for one in await self._ask(table, half, question)]
        found = self._emit(table.name, chunk)
        return [one for one in documents if one not in found]

    def _emit(self, name: TableName, chunk: Chunk) -> set[bytes]:
        lane = self._tables.lane_of(name)
        found: set[bytes] = set()
        for run in chunk.runs:
            operation = Operation.PUT if run.operation is Operation.INSERT else run.operation
            self._assembler.emit(name, lane, RowGroup(operation, run.rows))
            found.update(document_key(row) for row in run.rows if has_key(row))
        return found

    async def _rows_now(
        self, table: Table, keys: Sequence[Literals], question: Question
    ) -> Chunk | None:
        """The rows with these keys; None if the table is another one by now."""
        now: Table | None = table
        for _ in range(READ_TABLE_TRIES):
            # What was dropped, renamed or given another key is copied anew when the stream
            # gets there; until then these keys ask for nothing.
            if now is None or now.key_columns != table.key_columns:
                return None
            async with await self._connect() as connection:
                try:
                    async with reading(connection, self._assembler.reached()):
                        sql, limit = question(now, keys), len(keys) + 1
                        return await read_chunk(connection, sql, now, self._tables.options, limit)
                except SourceError as error:
                    if error.retryable:
                        raise
                    # Altered since: the rows as they are now will do, a new copy follows anyway.
                    before, now = now, await read_table(connection, table.name)
                    if not explains(error, before, now):
                        raise
        raise SourceUnavailable(
            f"{table.name} was altered {READ_TABLE_TRIES} times while rows of it were read again."
        )
