"""A chunk's window: from before its SELECT until its rows are emitted.

The idea of a chunk between two points of the log is that of DBLog (arXiv 2010.12597).
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from migrator.model.batch import Progress
from migrator.model.document_key import document_key, has_key
from migrator.model.position import Position
from migrator.model.rows import RowGroup
from migrator.model.table import TableName


class Window(Protocol):
    """An open window; the stream has emitted everything up to `position`."""

    @property
    def position(self) -> Position:
        """Where the stream stood when the window was opened."""
        ...

    async def emit(self, groups: Sequence[RowGroup], progress: Progress) -> int | None:
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

    `is_spoiled`: they are no longer all known, so the chunk must be read again.
    """

    table: TableName
    keys: set[bytes] = field(default_factory=set)
    is_spoiled: bool = False

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
            left.append(RowGroup(group.operation, rows))
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
                noted.keys.update(keys)

    def spoil(self, table: TableName | None = None) -> None:
        """Rows of the table, or of any table, changed in a way that keys do not describe."""
        for name, windows in self._open.items():
            if table is None or name == table:
                for noted in windows:
                    noted.is_spoiled = True
