"""Verification: chunks of the copy that are compared instead of written.

A chunk travels the same road: a window is opened, the chunk is read, and emitted when the stream
has passed all that the SELECT may show, without the rows that the stream has emitted meanwhile.
`load` compares it with the documents in a transaction at exactly that position. Rows that changed
meanwhile are looked at again, by their keys. Last come the documents that may have no row.
"""

import asyncio
from dataclasses import replace

from migrator.capture.verify.means import Means
from migrator.capture.verify.ranges import ranges_of
from migrator.capture.verify.readers import Readers
from migrator.capture.verify.table_check import TableCheck
from migrator.errors import SourceError
from migrator.model.table import TableName
from migrator.mysql.catalog.tables import Table
from migrator.runtime.tasks import keep_looking, run_until_first_failure
from migrator.state.verification import Request, TableVerification, Verifications

INTERVAL_S = 0.5
TABLES_AT_ONCE = 4
GONE = "It is not migrated, or no longer."


class Verifier:
    """Carries out the request that is open, as long as it is; then the next one."""

    def __init__(self, means: Means, *, readers: int, chunk_rows: int) -> None:
        self._means = means
        self._verifications = Verifications(means.state)
        self._readers = readers
        self._chunk_rows = chunk_rows

    async def run(self) -> None:
        """Verify whatever is asked for, until cancelled. Raises `SourceError`, `TargetError`."""
        await keep_looking(self._look, INTERVAL_S, "The verification goes on")

    async def _look(self) -> None:
        request = await self._verifications.request()
        if request is not None:
            await self._verify(request)

    async def _verify(self, request: Request) -> None:
        """Verify all tables of the request, unless it is withdrawn meanwhile."""
        tables = asyncio.ensure_future(self._tables(request))
        try:
            while not tables.done():
                await asyncio.wait({tables}, timeout=INTERVAL_S)
                if await self._verifications.request() != request:
                    return
            await tables
        finally:
            tables.cancel()
            await asyncio.wait({tables})

    async def _tables(self, request: Request) -> None:
        at_once = asyncio.Semaphore(TABLES_AT_ONCE)
        readers = Readers(self._readers, request.rows_per_second)

        async def one(name: TableName) -> None:
            async with at_once:
                is_done = await self._table(request, name, readers)
                while not is_done:
                    await asyncio.sleep(INTERVAL_S)
                    is_done = await self._table(request, name, readers)

        await run_until_first_failure(**{str(name): one(name) for name in request.tables})

    async def _table(self, request: Request, name: TableName, readers: Readers) -> bool:
        """Verify one table; False: it is not copied yet, or has been redefined meanwhile."""
        # What an interrupted try has emitted counts, and must not be read twice.
        await self._means.until_landed(name)
        so_far = await self._verifications.table(name, request.id)
        if so_far is not None and (so_far.done or so_far.why_not):
            return True
        table, copy = self._means.tables.get(name), await self._means.state.table(name)
        if table is None or copy is None or copy.left_out:
            reason = copy.left_out if copy is not None and copy.left_out else GONE
            await self._verifications.save(TableVerification(name, request.id, why_not=reason))
            return True
        if not copy.done:
            return False
        so_far = so_far or await self._begin(request, table, attempt=1)
        check = TableCheck(self._means, request, table, readers, self._chunk_rows)
        try:
            if await check.run(so_far):
                await self._verifications.end(name, request.id)
                return True
        except SourceError as error:
            if error.retryable:
                raise
            await self._verifications.save(replace(so_far, why_not=str(error)))
            return True
        # It begins anew, with its new definition.
        await self._begin(request, table, attempt=so_far.attempt + 1)
        return False

    async def _begin(self, request: Request, table: Table, attempt: int) -> TableVerification:
        means = self._means
        async with await means.source.connect() as connection:
            ranges = await ranges_of(
                connection, means.source.options, means.state.target.collections, table
            )
        if isinstance(ranges, str):
            begun = TableVerification(table.name, request.id, attempt, why_not=ranges)
        else:
            begun = TableVerification(table.name, request.id, attempt, ranges)
        await self._verifications.save(begun)
        return begun
