"""What the stream emits of a table while a chunk of it is being read (design: snapshot)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from migrator.model.document_key import document_key, has_key
from migrator.model.position import Position
from migrator.model.table import TableName


@dataclass(slots=True, eq=False)
class Watch:
    """The keys that were emitted since the watch began, at `position`.

    A `spoiled` watch no longer knows them all: the chunk must be read again.
    """

    table: TableName
    position: Position
    keys: set[bytes] = field(default_factory=set)
    spoiled: bool = False


class Watches:
    """The watches of all chunks that are being read now."""

    def __init__(self) -> None:
        self._open: dict[TableName, list[Watch]] = {}

    def open(self, table: TableName, position: Position) -> Watch:
        """Begin to note the keys of a table."""
        watch = Watch(table, position)
        self._open.setdefault(table, []).append(watch)
        return watch

    def close(self, watch: Watch) -> None:
        """End it; again is harmless."""
        watches = self._open.get(watch.table, [])
        if watch in watches:
            watches.remove(watch)
        if not watches:
            self._open.pop(watch.table, None)

    def note(self, table: TableName, documents: Iterable[bytes]) -> None:
        """These rows of the table were emitted."""
        watches = self._open.get(table)
        if watches:
            # A row without a readable key has none that another one could be known by.
            keys = [document_key(one) for one in documents if has_key(one)]
            for watch in watches:
                watch.keys.update(keys)

    def spoil(self, table: TableName | None = None) -> None:
        """Something happened to the table, or to any table, that keys do not describe."""
        for name, watches in self._open.items():
            if table is None or name == table:
                for watch in watches:
                    watch.spoiled = True
