"""Coalesce changes: of each document only the last state is written by a load transaction.

Nothing here talks to MongoDB. Rows stay the bytes that capture made; only the `_id` at
their beginning is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import bson
from bson.codec_options import CodecOptions, DatetimeConversion

from migrator.model.document_key import document_key, has_key
from migrator.model.rows import Operation, TableChanges
from migrator.model.table import TableName

DOCUMENT_BYTES_MAX = 16 * 1024 * 1024
DEAD_ROW_BYTES_MAX = 4 * 1024 * 1024
DEAD_ROW_DEPTH_MAX = 100
# A date that Python's datetime cannot hold stays a BSON date.
OPTIONS = CodecOptions[dict[str, Any]](datetime_conversion=DatetimeConversion.DATETIME_AUTO)
TOO_LARGE = "The document is larger than MongoDB's limit of 16 MiB."

Key = bytes
"""The BSON document that holds a row's `_id` and nothing else: the filter that finds it."""


@dataclass(slots=True)
class TableRows:
    """The last state of each changed row of a table.

    If the table is `emptied`, all of its documents are deleted before these are written.
    """

    emptied: bool = False
    states: dict[Key, tuple[Operation, bytes]] = field(default_factory=dict)

    def rows(self, *operations: Operation) -> Iterator[tuple[Key, bytes]]:
        """Keys and documents of the rows whose last state came by one of the operations."""
        return (
            (key, row) for key, (operation, row) in self.states.items() if operation in operations
        )

    def operation_for(self, key: Key, operation: Operation) -> Operation:
        """How to write the next state of a row.

        A plain insert is right only for a row without an earlier state here. In an emptied
        table it is right for every such row, and a hundred times faster: to find that a
        document is missing, MongoDB 6 walks over its deleted neighbours.
        """
        if operation is Operation.DELETE:
            return operation
        if key in self.states:
            return Operation.PUT
        return Operation.INSERT if self.emptied else operation


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A row that was not carried over, and why; `row` is what is left of it to look at."""

    table: TableName
    key: Any
    column: str | None
    reason: str
    row: Any


@dataclass(slots=True)
class Coalesced:
    """The last state of every row, by table, and the rows that are refused.

    `refused` has the dead letters of rows with a key; `keyless` has those whose key itself is
    refused, of which several may be equal. `gone` has rows of the latter kind that were
    deleted from the source, and whose dead letters an earlier load transaction left.
    """

    tables: dict[TableName, TableRows] = field(default_factory=dict)
    refused: dict[tuple[TableName, Key], DeadLetter] = field(default_factory=dict)
    keyless: list[DeadLetter] = field(default_factory=list)
    gone: list[DeadLetter] = field(default_factory=list)

    @property
    def emptied(self) -> list[TableName]:
        """The tables that were truncated or dropped."""
        return [table for table, rows in self.tables.items() if rows.emptied]

    @property
    def dead_letters(self) -> list[DeadLetter]:
        """The rows that are refused in the end."""
        return [*self.refused.values(), *self.keyless]

    def add(self, changes: TableChanges) -> None:
        """Take the next changes; call it in their order."""
        rows = self.tables.setdefault(changes.table, TableRows())
        if changes.operation is Operation.EMPTY:
            self._empty(changes.table)
        elif changes.operation is Operation.REFUSE:
            for row in changes.documents():
                self._add_refused(changes.table, rows, row)
        else:
            for row in changes.documents():
                key = document_key(row)
                rows.states[key] = rows.operation_for(key, changes.operation), row
                if self.refused:
                    self.refused.pop((changes.table, key), None)
                if len(row) > DOCUMENT_BYTES_MAX:
                    self.refuse(changes.table, key, TOO_LARGE)

    def refuse(self, table: TableName, key: Key, reason: str) -> None:
        """Make a dead letter of a row that MongoDB does not take; its old document is deleted."""
        states = self.tables[table].states
        operation, row = states.pop(key)
        if operation is not Operation.DELETE:
            states[key] = (Operation.DELETE, key)
            # Kept as bytes: MongoDB may refuse it inside another document, too.
            kept = row if len(row) <= DEAD_ROW_BYTES_MAX else None
            own_key = bson.decode(key, OPTIONS)["_id"]
            self.refused[table, key] = DeadLetter(table, own_key, None, reason, kept)

    def _empty(self, table: TableName) -> None:
        self.tables[table] = TableRows(emptied=True)
        self.refused = {key: dead for key, dead in self.refused.items() if key[0] != table}
        self.keyless = [dead for dead in self.keyless if dead.table != table]
        self.gone = [dead for dead in self.gone if dead.table != table]

    def _add_refused(self, table: TableName, rows: TableRows, row: bytes) -> None:
        """Take a row that capture refused: `{_id?, column, reason, row, gone?}`."""
        refusal = bson.decode(row, OPTIONS)
        dead_letter = DeadLetter(
            table,
            refusal.get("_id"),
            refusal.get("column"),
            refusal.get("reason", ""),
            _kept_row(row, refusal.get("row")),
        )
        if has_key(row):
            key = document_key(row)
            self.refused[table, key] = dead_letter
            rows.states[key] = (Operation.DELETE, key)
        elif not refusal.get("gone"):
            self.keyless.append(dead_letter)
        elif dead_letter in self.keyless:
            self.keyless.remove(dead_letter)
        else:
            self.gone.append(dead_letter)


def _kept_row(refusal: bytes, row: Any) -> Any:
    """The refused row: as bytes if it is nested too deeply, None if it is very large."""
    if len(refusal) > DEAD_ROW_BYTES_MAX:
        return None
    return row if depth(row) <= DEAD_ROW_DEPTH_MAX else refusal


def depth(value: Any) -> int:
    """How deeply documents and lists are nested in a value."""
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0
