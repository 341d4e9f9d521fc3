"""Rows of the open transaction of which the binlog shows some columns only."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from migrator.model.document_key import document_key, has_key
from migrator.model.table import TableName

Keys = dict[TableName, list[bytes]]
"""Documents by table; each begins with `_id` or holds nothing else."""


@dataclass(slots=True)
class PartialRows:
    """Rows that must be read again before the transaction ends.

    A row `in_part` exists, or the log will show its deletion. A row `undone` may never have
    been committed; nor may what a foreign key did, with `is_cascade_undone`.
    """

    in_part: Keys = field(default_factory=dict)
    undone: Keys = field(default_factory=dict)
    is_cascade_undone: bool = False
    _since_savepoint: Keys | None = None
    _has_cascaded: bool = False

    def __bool__(self) -> bool:
        return bool(self.in_part or self.undone or self.is_cascade_undone)

    def shown_in_part(self, table: TableName, keys: Iterable[bytes]) -> None:
        """Rows changed whose images lack columns."""
        self.in_part.setdefault(table, []).extend(keys)
        self._touched(table, keys)

    def savepoint(self) -> None:
        """From the first savepoint on, rows may be undone."""
        if self._since_savepoint is None:
            self._since_savepoint = {}

    def emitted(self, table: TableName, rows: list[bytes]) -> None:
        """Rows were added to their batcher."""
        self._touched(table, rows)

    def cascaded(self) -> None:
        """Foreign keys changed rows that the log does not show."""
        self._has_cascaded = self._since_savepoint is not None

    def rolled_back(self) -> None:
        """A ROLLBACK TO was logged, after rows that it may have undone: the log names none."""
        self.is_cascade_undone = self._has_cascaded
        for table, documents in (self._since_savepoint or {}).items():
            keys = [document_key(document) for document in documents if has_key(document)]
            self.undone.setdefault(table, []).extend(keys)

    def _touched(self, table: TableName, rows: Iterable[bytes]) -> None:
        if self._since_savepoint is not None:
            self._since_savepoint.setdefault(table, []).extend(rows)
