"""A chunk's window: from before its SELECT until its rows are emitted.

A SELECT may show transactions that the stream has yet to read. So the window stays open until
the stream has passed the place in the log where all of them are: without the keys that it has
emitted since, the rows are then exactly those of the source at the stream's position.
The idea of a chunk between two points of the log is that of DBLog (arXiv 2010.12597).
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from typing import Protocol

from migrator.model.batch import Progress
from migrator.model.document_key import document_key, has_key
from migrator.model.position import Position
from migrator.model.rows import RowGroup
from migrator.model.table import TableName

NOTED_KEYS_MAX = 200_000
"""While a chunk is being read; afterwards there are no more than the chunk has rows."""


class Window(Protocol):
    """An open window; the stream has emitted everything up to `position`."""

    @property
    def position(self) -> Position:
        """Where the stream stood when the window was opened."""
        ...

    async def until_passed(self, place: Position, groups: Sequence[RowGroup]) -> None:
        """Wait until the stream has passed a place in the log; of keys note only those of `groups`.

        Call it when the rows have been read, with a place that no SELECT was ahead of.
        """
        ...

    async def emit(self, groups: Sequence[RowGroup], progress: Progress | None) -> int | None:
        """Emit the rows that the stream has not emitted since, between two transactions.

        Returns how many they are; None: the window is spoiled and nothing was emitted.
        """
        ...


class Timeline(Protocol):
    """The stream, as the snapshot sees it."""

    def window(self, table: TableName) -> AbstractAsyncContextManager[Window]:
        """A window of a table, opened between two transactions."""
        ...


@dataclass(slots=True, eq=False)
class Noted:
    """The keys of a table that the stream has emitted since a window was opened.

    Once the chunk has been read, only `own`, the keys of its rows, are noted. `is_spoiled`: the
    keys are no longer all known, so the chunk must be read again.
    """

    table: TableName
    keys: set[bytes] = field(default_factory=set)
    own: frozenset[bytes] | None = None
    is_spoiled: bool = False

    def add(self, keys: Iterable[bytes]) -> None:
        """The stream emitted rows with these keys."""
        if self.own is not None:
            keys = self.own.intersection(keys)
        self.keys.update(keys)
        if len(self.keys) > NOTED_KEYS_MAX:
            self.spoil()

    def keep_only(self, groups: Iterable[RowGroup]) -> None:
        """The chunk has been read: no other keys matter from now on."""
        rows = (row for group in groups for row in group.rows)
        self.own = frozenset(document_key(row) for row in rows if has_key(row))
        self.keys &= self.own

    def spoil(self) -> None:
        """Not all keys are known any more."""
        self.is_spoiled = True
        self.keys.clear()

    def left(self, groups: Sequence[RowGroup]) -> list[RowGroup]:
        """The rows of a chunk that have not been emitted."""
        if not self.keys:
            return list(groups)
        left = []
        for group in groups:
            # A row that is refused for its key has none, and is never among the noted ones.
            rows = [
                row for row in group.rows if not has_key(row) or document_key(row) not in self.keys
            ]
            left.append(replace(group, rows=rows))
        return left


class OpenWindows:
    """The windows of all chunks that are being read now."""

    def __init__(self) -> None:
        self._open: dict[TableName, list[Noted]] = {}

    def open(self, table: TableName) -> Noted:
        """Begin to note the keys that the stream emits of a table."""
        noted = Noted(table)
        self._open.setdefault(table, []).append(noted)
        return noted

    def close(self, noted: Noted) -> None:
        """Stop noting keys for this window."""
        windows = self._open[noted.table]
        windows.remove(noted)
        if not windows:
            del self._open[noted.table]

    def note(self, table: TableName, documents: Iterable[bytes]) -> None:
        """The stream emitted these rows of the table."""
        windows = self._open.get(table)
        if windows:
            keys = [document_key(one) for one in documents if has_key(one)]
            for noted in windows:
                noted.add(keys)

    def spoil(self, table: TableName | None = None) -> None:
        """Rows of the table, or of any table, changed in a way that keys do not describe."""
        for name, windows in self._open.items():
            if table is None or name == table:
                for noted in windows:
                    noted.spoil()
