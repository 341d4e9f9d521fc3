"""Rows of the open transaction of which the binlog does not show everything."""

from collections.abc import Iterable

from migrator.mysql.columns import TableName
from migrator.mysql.row_decoder import key_document, key_value_of

Keys = dict[TableName, list[bytes]]
"""Documents that hold only `_id`, or begin with it, by their table."""


class Doubts:
    """`keys` are those of the rows that must be read again before the transaction ends."""

    def __init__(self) -> None:
        self.keys: Keys = {}
        self._since_savepoint: Keys | None = None

    def shown_in_part(self, table: TableName, keys: Iterable[bytes]) -> None:
        """Rows changed, and their images lack columns."""
        self.keys.setdefault(table, []).extend(keys)

    def savepoint(self) -> None:
        """From the first savepoint on, rows may be undone."""
        if self._since_savepoint is None:
            self._since_savepoint = {}

    def emitted(self, table: TableName, rows: list[bytes]) -> None:
        """Rows went to their lane."""
        if self._since_savepoint is not None:
            self._since_savepoint.setdefault(table, []).extend(rows)

    def rolled_back(self) -> None:
        """ROLLBACK TO is logged, and so are the rows that it undid: nobody says which."""
        for table, documents in (self._since_savepoint or {}).items():
            self.shown_in_part(table, [key_document(d) for d in documents if key_value_of(d)])
