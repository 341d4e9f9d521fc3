"""Reads partial rows again in the source, before their transaction ends.

The document of a row that is gone is kept if the log will show the deletion; it is deleted here
only if a savepoint may have undone the row, because no event will follow for it.
"""

from collections.abc import Iterable, Iterator, Sequence

from migrator.capture.stream.partial_rows import PartialRows
from migrator.capture.stream.tables import Tables
from migrator.capture.stream.timeline import Timeline
from migrator.capture.stream.unsupported import cascade_undone
from migrator.model.document_key import document_key
from migrator.model.rows import Operation, RowGroup
from migrator.model.table import TableName
from migrator.mysql.source import Source
from migrator.runtime.room import Room
from migrator.snapshot.rows_by_key import KEYS_MAX, RowsByKey


class Reread:
    """Reads rows as they are now; the stream shows later what has happened to them since."""

    def __init__(
        self,
        source: Source,
        timeline: Timeline,
        tables: Tables,
        room: Room,
    ) -> None:
        self._rows = RowsByKey(source)
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
        keys = list(dict.fromkeys(map(document_key, documents)))
        missing: list[bytes] = []
        for start in range(0, len(keys), KEYS_MAX):
            await self._room.room()
            some = keys[start : start + KEYS_MAX]
            found = await self._rows.read(table, some, self._timeline.reached)
            if found is None:
                return missing
            batcher = self._timeline.batchers.of(name)
            for group in changed_rows(found.groups):
                self._timeline.emit(name, batcher, group)
            missing += found.missing
        return missing


def changed_rows(groups: Iterable[RowGroup]) -> Iterator[RowGroup]:
    """Rows that were read, as changes of documents that mostly exist already."""
    for group in groups:
        is_read = group.operation is Operation.INSERT
        yield RowGroup(Operation.PUT, group.rows) if is_read else group
