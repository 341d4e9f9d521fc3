"""The copy of what is there already, beside the stream: no locks, and the stream never waits.

For each chunk of a table, in the order of its key: watch which keys the stream emits from
now on; wait until the server shows everything that was emitted before; read; emit the rows,
without those that were emitted meanwhile, at the place that the stream has reached. Rows that
change after the read come later in the stream. The idea of a chunk between two points of the
log is that of DBLog (arXiv 2010.12597); here nothing is written to the source, and the
stream is never paused.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from migrator.capture.tables import Tables
from migrator.capture.transactions import Assembler
from migrator.errors import MigratorError, SourceError, SourceUnavailable
from migrator.model.batch import Progress
from migrator.model.document_key import document_key, has_key
from migrator.model.rows import RowGroup
from migrator.model.state import KeyRange, TableCopy
from migrator.model.table import TableName
from migrator.mysql.catalog.key_literals import Literals
from migrator.mysql.catalog.tables import Table, read_table
from migrator.mysql.wire.connection import Connection
from migrator.runtime.backoff import Backoff
from migrator.snapshot.chunks import Chunk, chunk_sql, read_chunk
from migrator.snapshot.consistent_read import reading
from migrator.snapshot.planner import explains
from migrator.snapshot.window import Watch, Watches

Result = TypeVar("Result")
CHUNK_BYTES_MAX = 16 * 1024 * 1024
STALE_POLL_S = 0.1


@dataclass(slots=True)
class Job:
    """One range of one table that is being copied; `table` follows redefinitions."""

    table: Table
    part: KeyRange
    number: int
    generation: int
    last: Literals | None


class Snapshot:
    """Copies the tables that are not complete yet, several ranges at a time.

    `rows` have been read and sent in `chunks`; `noted` of them were left out, because the
    stream had newer ones.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        assembler: Assembler,
        tables: Tables,
        watches: Watches,
        room: Callable[[], Awaitable[None]],
        chunk_rows: int,
    ) -> None:
        self._connect = connect
        self._assembler = assembler
        self._tables = tables
        self._watches = watches
        self._room = room
        self._chunk_rows = chunk_rows
        self.rows = self.noted = self.chunks = 0
        self._jobs: asyncio.Queue[Job] = asyncio.Queue()
        self._generations: dict[TableName, int] = {}
        self._left: dict[TableName, set[int]] = {}

    @property
    def tables_left(self) -> int:
        """How many tables are not wholly read."""
        return len(self._left)

    def begin(self, copy: TableCopy) -> None:
        """Copy what is left of a table; an older copy of it ends."""
        self._generations[copy.table] = copy.generation
        self._left[copy.table] = {n for n, part in enumerate(copy.parts) if not part.done}
        for number, part in enumerate(copy.parts):
            if not part.done:
                table = self._tables[copy.table]
                self._jobs.put_nowait(Job(table, part, number, copy.generation, part.last))

    def end(self, table: TableName) -> None:
        """The table is gone."""
        self._generations.pop(table, None)
        self._left.pop(table, None)

    async def run(self, readers: int) -> None:
        """Copy for ever, tables that are begun later too. Raises what a reader cannot mend."""
        async with asyncio.TaskGroup() as group:
            for number in range(readers):
                group.create_task(self._read(), name=f"snapshot reader {number}")

    async def _read(self) -> None:
        while True:
            job = await self._jobs.get()
            backoff = Backoff()
            while self._is_wanted(job):
                try:
                    async with await self._connect() as connection:
                        await self._copy(connection, job)
                except SourceUnavailable as error:
                    await backoff.pause(error, "The chunk is read again")
                except SourceError as error:
                    await self._follow(job, error)

    async def _copy(self, connection: Connection, job: Job) -> None:
        """Copy chunk after chunk, as long as the connection and the table's definition last."""
        while self._is_wanted(job) and not connection.closed:
            if await self._copy_chunk(connection, job):
                self._finish(job)

    def _finish(self, job: Job) -> None:
        left = self._left[job.table.name]
        left.discard(job.number)
        if not left:
            del self._left[job.table.name]

    def _is_wanted(self, job: Job) -> bool:
        name = job.table.name
        is_left = job.number in self._left.get(name, ())
        return is_left and self._generations.get(name) == job.generation

    async def _copy_chunk(self, connection: Connection, job: Job) -> bool:
        """Copy the next chunk; whether it was the last one."""
        await self._room()
        watch = await self._at_boundary(lambda: self._assembler.watch(job.table.name))
        try:
            async with reading(connection, watch.position):
                limit = self._limit(job.table)
                sql = chunk_sql(job.table, job.last, job.part, limit)
                chunk = await read_chunk(connection, sql, job.table, self._tables.options, limit)
            await self._room()
            # A TRUNCATE in between, and the like: what was read may be gone.
            emitted = await self._at_boundary(lambda: self._emit(watch, job, chunk))
        finally:
            self._watches.close(watch)
        if emitted:
            job.last = chunk.last or job.last
        return emitted and chunk.is_last

    def _limit(self, table: Table) -> int:
        fitting = CHUNK_BYTES_MAX // max(1, table.row_bytes)
        return max(1, min(self._chunk_rows, fitting))

    def _emit(self, watch: Watch, job: Job, chunk: Chunk) -> bool:
        self._watches.close(watch)
        if watch.spoiled or not self._is_wanted(job):
            return False
        name = job.table.name
        progress = Progress(
            table=name,
            part=job.number,
            rows=chunk.rows,
            last=chunk.last or job.last,
            done=chunk.is_last,
            generation=job.generation,
        )
        runs = _without(chunk.runs, watch.keys)
        self._tables.lane_of(name).copy(name, runs, progress)
        self.chunks += 1
        self.rows += chunk.rows
        self.noted += chunk.rows - sum(len(run.rows) for run in runs)
        return True

    async def _at_boundary(self, action: Callable[[], Result]) -> Result:
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

        def act() -> None:
            if done.cancelled():
                return
            try:
                done.set_result(action())
            except MigratorError as error:
                done.set_exception(error)

        self._assembler.at_boundary(act)
        return await done

    async def _follow(self, job: Job, error: SourceError) -> None:
        """The table may have been redefined, and the stream is not there yet; otherwise raises."""
        async with await self._connect() as connection:
            now = await read_table(connection, job.table.name)
        if not explains(error, job.table, now):
            raise error
        if now is not None and now.key and now.key_columns == job.table.key_columns:
            job.table = now
        else:
            # It is gone, or its rows have other keys: the stream will say so, which ends the job.
            await asyncio.sleep(STALE_POLL_S)


def _without(runs: Sequence[RowGroup], keys: set[bytes]) -> list[RowGroup]:
    if not keys:
        return list(runs)
    return [
        # A row that is refused for its key has none, and is never among those that were noted.
        RowGroup(
            run.operation,
            [row for row in run.rows if not has_key(row) or document_key(row) not in keys],
        )
        for run in runs
    ]
