"""Reads partial rows again in the source, before their transaction ends.

The document of a row that is gone is kept if the log will show the deletion. It is deleted here
if no event will follow: a savepoint may have undone the row, or a foreign key may have deleted it.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from migrator.capture.stream.partial_rows import PartialRows
from migrator.capture.stream.references import References
from migrator.capture.stream.timeline import Timeline
from migrator.capture.stream.unsupported import cascade_undone
from migrator.model.document_key import document_key
from migrator.model.elements import DOCUMENT, elements, of_elements
from migrator.model.reference import Reference
from migrator.model.rows import Operation, RowGroup
from migrator.model.table import TableName
from migrator.mysql.catalog.tables import Table
from migrator.mysql.source import Source
from migrator.runtime.room import Room
from migrator.snapshot.rows_by_key import KEYS_MAX, Found, RowsByKey


class Reread:
    """Reads rows as they are now; the stream shows later what has happened to them since."""

    def __init__(
        self,
        source: Source,
        timeline: Timeline,
        references: References,
        room: Room,
    ) -> None:
        self._rows = RowsByKey(source)
        self._timeline = timeline
        self._references = references
        self._tables = references.tables
        self._room = room

    async def answer(self, partial: PartialRows) -> None:
        """Emit the rows in the open transaction.

        Raises `SourceError`, `UnsupportedChange` if what a foreign key did was perhaps undone.
        """
        if partial.is_cascade_undone:
            raise cascade_undone()
        for name, documents in partial.in_part.items():
            await self._reread(name, documents, may_be_undone=False)
        for name, documents in partial.undone.items():
            await self._reread(name, documents, may_be_undone=True)

    async def _reread(
        self, name: TableName, documents: Sequence[bytes], *, may_be_undone: bool
    ) -> None:
        """Emit what the rows are now."""
        table = self._tables.get(name)
        if table is None:
            return  # It was dropped or renamed since, and the stream will show that.
        references = self._references.to(table.name)
        deletes = may_be_undone or self._references.changes_unseen(table.name)
        keys = list(dict.fromkeys(map(document_key, documents)))
        for start in range(0, len(keys), KEYS_MAX):
            await self._room.room()
            some = keys[start : start + KEYS_MAX]
            found = await self._rows.read(table, some, self._timeline.reached)
            if found is None:
                return
            batcher = self._timeline.batchers.of(name)
            if not deletes:
                found.missing.clear()
            for group in changes_of(table, found, references):
                self._timeline.emit(name, batcher, group)


def changes_of(table: Table, found: Found, references: tuple[Reference, ...]) -> Iterator[RowGroup]:
    """The changes that make documents of rows as they were read; those that are missing go.

    If other rows refer to them, what follows from that comes first.
    """
    changed = [
        replace(group, operation=Operation.PUT) if group.operation is Operation.INSERT else group
        for group in found.groups
    ]
    if references:
        names = {name for ref in references if ref.parent == table.name for name in ref.referenced}
        rows = (row for group in changed if group.operation is Operation.PUT for row in group.rows)
        cascade = [*(_referenced(row, names) for row in rows), *found.missing]
        if cascade:
            yield RowGroup(Operation.CASCADE, cascade, references)
    yield from changed
    if found.missing:
        yield RowGroup(Operation.DELETE, list(found.missing))


def _referenced(row: bytes, names: Collection[str]) -> bytes:
    """`{_id, new}` of a row, with the values that others refer to."""
    values = of_elements((name, value) for name, value in elements(row) if name in names)
    key = next(elements(document_key(row)))
    return of_elements([key, ("new", bytes((DOCUMENT,)) + values)])
