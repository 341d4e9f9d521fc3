"""The verification of one table: its rows, those that changed meanwhile, and stray documents."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import bson

from migrator.capture.stream.timeline import TimelineWindow
from migrator.capture.verify.means import Means
from migrator.capture.verify.ranges import document_bound, is_ordered, lowest_key
from migrator.capture.verify.readers import Readers
from migrator.errors import ConfigurationError, SourceError
from migrator.model.batch import Check
from migrator.model.document_key import document_key
from migrator.model.rows import Operation, RowGroup
from migrator.model.state import KeyRange
from migrator.mysql.catalog.tables import Table, read_table
from migrator.mysql.wire.connection import Connection
from migrator.runtime.tasks import run_until_first_failure
from migrator.snapshot.chunk_reader import ChunkReader
from migrator.snapshot.chunks import KEYS, Chunk, bound_literals
from migrator.snapshot.planner import explains
from migrator.snapshot.rows_by_key import KEYS_MAX, RowsByKey
from migrator.state.verification import Request, TableVerification, Verifications

UNNAMEABLE = (
    AttributeError, KeyError, TypeError, ValueError, ConfigurationError, bson.errors.BSONError,
)  # fmt: skip
"""What a key raises that no row of the table can have, such as one of another type."""


class TableCheck:
    """Compares one table with its collection."""

    def __init__(
        self,
        means: Means,
        request: Request,
        table: Table,
        readers: Readers,
        chunk_rows: int,
    ) -> None:
        self._means = means
        self._request = request
        self._table = table
        self._readers = readers
        self._chunks = ChunkReader(means.source, chunk_rows)
        self._rows = RowsByKey(means.source)
        self._is_ordered = is_ordered(table)
        self._check = Check(
            request.id,
            table.name,
            repairs=request.repair,
            hides_values=request.hide_values,
        )

    async def run(self, so_far: TableVerification) -> bool:
        """Go on where the verification is; False: the table has been redefined.

        Raises `SourceError`, `TargetError`.
        """
        self._check = replace(self._check, attempt=so_far.attempt)
        done: list[bool] = []

        async def one(number: int, part: KeyRange) -> None:
            done.append(await self._range(number, part))

        left = {f"range {n}": one(n, part) for n, part in enumerate(so_far.parts)}
        await run_until_first_failure(**left)
        if not all(done):
            return False
        if not so_far.is_back and not await self._strays(so_far.back):
            return False
        return await self._again()

    @property
    def _is_current(self) -> bool:
        return self._means.tables.get(self._table.name) is self._table

    async def _range(self, number: int, part: KeyRange) -> bool:
        """Compare what is left of a range."""
        spoiled = 0
        while not part.done:
            async with self._readers, await self._means.source.connect() as connection:
                # As long as the connection lasts, and the limit of the rate lets it.
                while not part.done and not connection.closed:
                    if not self._is_current:
                        return False
                    limit = self._chunks.limit(self._table, spoiled)
                    try:
                        after = await self._chunk(connection, number, part, limit)
                    except SourceError as error:
                        if error.retryable or not await self._is_redefined(error):
                            raise
                        return False
                    spoiled = 0 if after is not None else spoiled + 1
                    part = after or part
                    await self._readers.pause_after(limit)
        return True

    async def _is_redefined(self, error: SourceError) -> bool:
        """Whether the source has another definition of the table, which explains an error."""
        async with await self._means.source.connect() as connection:
            now = await read_table(connection, self._table.name)
        return not self._is_current or explains(error, self._table, now)

    async def _chunk(
        self, connection: Connection, number: int, part: KeyRange, limit: int
    ) -> KeyRange | None:
        """Compare the next chunk of a range; None: its window was spoiled."""
        table, means = self._table, self._means
        await means.room.room()
        async with means.timeline.window(table.name) as window:
            chunk, place = await self._chunks.read(connection, window.position, table, part, limit)
            expected = [_expecting(group) for group in chunk.groups]
            # In a range of both, rows that are inserted meanwhile matter, too.
            await window.until_passed(place, None if self._is_ordered else expected)
            await means.room.room()
            last = chunk.last or (part.last if isinstance(part.last, bytes) else None)
            check = replace(
                self._check,
                part=number,
                last=last,
                done=chunk.is_last,
                bounds=self._bounds(part, chunk) if self._is_ordered else None,
            )
            if not await window.check(expected, check):
                return None
        return replace(part, last=last, done=chunk.is_last)

    def _bounds(self, part: KeyRange, chunk: Chunk) -> tuple[bytes, bytes]:
        lower = document_bound(self._table, part.last or part.lower)
        upper = document_bound(self._table, part.upper if chunk.is_last else chunk.last)
        return lower or bson.encode({"_id": lowest_key(self._table)}), upper

    async def _strays(self, back: bytes | None) -> bool:
        """Look for documents that no range can have shown to be without a row."""
        last = back
        async for keys in self._stray_keys(back):
            last = keys[-1]
            if not await self._by_key(keys, replace(self._check, last=last), only_missing=True):
                return False
        return await self._by_key([], replace(self._check, last=last, done=True))

    async def _stray_keys(self, back: bytes | None) -> AsyncIterator[list[bytes]]:
        """Keys of documents, some at a time."""
        target = self._means.state.target
        collection = target.collections.collection_of(self._table.name)
        if self._is_ordered:
            # The ranges have had all documents with keys above this one, of its type.
            others = {"$nor": [{"_id": {"$gt": lowest_key(self._table)}}]}
            keys: list[bytes] = []
            async for key in target.each_key(collection, others):
                keys.append(key)
                if len(keys) == KEYS_MAX:
                    yield keys
                    keys = []
            if keys:
                yield keys
            return
        last = back
        while True:
            first = bson.decode(last, KEYS)["_id"] if last else None
            found = await target.keys_in_order(collection, first, KEYS_MAX + 1)
            new = found[1:] if last and found and found[0] == last else found
            if not new:
                return
            yield new
            last = new[-1]

    async def _again(self) -> bool:
        """Look again at what changed meanwhile, until nothing is left."""
        verifications = Verifications(self._means.state)
        while True:
            await self._means.until_landed(self._table.name)
            keys = await verifications.open_again(self._table.name, KEYS_MAX)
            if not keys:
                return True
            if not await self._by_key(keys, replace(self._check, settled=tuple(keys))):
                return False

    async def _by_key(
        self, keys: Sequence[bytes], check: Check, *, only_missing: bool = False
    ) -> bool:
        """Compare the rows with these keys; with `only_missing`, those that have no row."""
        named = [key for key in keys if self._is_nameable(key)]
        others = [document_key(key) for key in keys if key not in named]
        while True:
            async with self._readers:
                if not self._is_current:
                    return False
                await self._means.room.room()
                async with self._means.timeline.window(self._table.name) as window:
                    groups = await self._read(window, named, others, only_missing=only_missing)
                    if groups is None:
                        return False
                    if await window.check(groups, check):
                        return True

    async def _read(
        self,
        window: TimelineWindow,
        named: Sequence[bytes],
        others: Sequence[bytes],
        *,
        only_missing: bool,
    ) -> list[RowGroup] | None:
        if not named and not others:
            return []
        found = await self._rows.read(self._table, named, window.position)
        if found is None:
            return None
        groups = [] if only_missing else [_expecting(group) for group in found.groups]
        groups.append(RowGroup(Operation.ABSENT, [*found.missing, *others]))
        await window.until_passed(found.place, groups)
        return groups

    def _is_nameable(self, key: bytes) -> bool:
        try:
            bound_literals(self._table, key)
        except UNNAMEABLE:
            return False
        return True


def _expecting(group: RowGroup) -> RowGroup:
    is_row = group.operation is Operation.INSERT
    return replace(group, operation=Operation.EXPECT) if is_row else group
