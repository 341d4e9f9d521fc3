"""The commands of a load transaction, with the rows' own bytes inside. Pure functions.

A driver's bulk API looks into each document and wraps it in objects; a command
made of bytes costs a third of that and names the document at fault by its index.
Source of the statements: MongoDB manual, reference/command/{insert,update,delete}.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

from bson.raw_bson import RawBSONDocument

from migrator.load.changes.coalesce import Key, TableRows
from migrator.model.document_key import LENGTH
from migrator.model.rows import Operation
from migrator.model.table import TableName

COMMAND_ROWS_MAX = 5_000
# A command may be as large as one document, 16 MiB, and a little more; half of it leaves
# room, and one row that is larger travels alone.
COMMAND_BYTES_MAX = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class WriteCommand:
    """One command: rows of one table that are inserted, replaced or deleted."""

    table: TableName
    operation: Operation
    keys: Sequence[Key]
    statements: Sequence[bytes]

    def document(self, collection: str) -> dict[str, Any]:
        """The command for the collection; unordered, because each row occurs once."""
        verb, argument = VERBS[self.operation]
        rows = [RawBSONDocument(statement) for statement in self.statements]
        return {verb: collection, argument: rows, "ordered": False}

    @classmethod
    def deleting(cls, table: TableName, keys: Sequence[Key]) -> Self:
        """The command that deletes the rows with these keys."""
        return cls(table, Operation.DELETE, keys, [_delete(key) for key in keys])

    def halves(self) -> tuple[Self, Self]:
        """Two commands with half of the rows each, to find out which row is at fault."""
        middle = len(self.keys) // 2
        return self._part(slice(middle)), self._part(slice(middle, None))

    def _part(self, rows: slice) -> Self:
        return type(self)(self.table, self.operation, self.keys[rows], self.statements[rows])


VERBS = {
    Operation.INSERT: ("insert", "documents"),
    Operation.PUT: ("update", "updates"),
    Operation.DELETE: ("delete", "deletes"),
}


def commands_of(table: TableName, rows: TableRows, *, replacing: bool) -> Iterator[WriteCommand]:
    """The table's commands; with `replacing`, copied rows may be in the collection already.

    Deletes come first: a value of a unique index may pass from a deleted row to a new one.
    """
    deletes = rows.rows(Operation.DELETE)
    puts = rows.rows(*((Operation.PUT, Operation.INSERT) if replacing else (Operation.PUT,)))
    yield from _cut(table, Operation.DELETE, ((key, _delete(key)) for key, _ in deletes))
    yield from _cut(table, Operation.PUT, ((key, _replace(key, row)) for key, row in puts))
    if not replacing:
        yield from _cut(table, Operation.INSERT, rows.rows(Operation.INSERT))


def _cut(
    table: TableName, operation: Operation, rows: Iterable[tuple[Key, bytes]]
) -> Iterator[WriteCommand]:
    keys: list[Key] = []
    statements: list[bytes] = []
    size = 0
    for key, statement in rows:
        if keys and (len(keys) == COMMAND_ROWS_MAX or size + len(statement) > COMMAND_BYTES_MAX):
            yield WriteCommand(table, operation, keys, statements)
            keys, statements, size = [], [], 0
        keys.append(key)
        statements.append(statement)
        size += len(statement)
    if keys:
        yield WriteCommand(table, operation, keys, statements)


def _replace(key: Key, row: bytes) -> bytes:
    """`{q: key, u: row, upsert: true}`."""
    return _document(b"\x03q\x00", key, b"\x03u\x00", row, b"\x08upsert\x00\x01")


def _delete(key: Key) -> bytes:
    """`{q: key, limit: 1}`."""
    return _document(b"\x03q\x00", key, b"\x10limit\x00\x01\x00\x00\x00")


def _document(*elements: bytes) -> bytes:
    body = b"".join(elements)
    return LENGTH.pack(LENGTH.size + len(body) + 1) + body + b"\x00"
