"""A step: batches that one MongoDB transaction loads, reduced to the last state of each row.

Nothing here talks to MongoDB. Rows stay the bytes that capture made; only the
key in front is looked at.
"""

from collections.abc import Iterable, Iterator
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
class Writes:
    """What a step does to one table: nothing remains of an emptied one but `states`."""

    emptied: bool = False
    states: dict[Key, tuple[Operation, bytes]] = field(default_factory=dict)

    def rows(self, *operations: Operation) -> Iterator[tuple[Key, bytes]]:
        """Keys and documents of the rows whose last state came by one of the operations."""
        return (
            (key, row) for key, (operation, row) in self.states.items() if operation in operations
        )


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A row that was not carried over, and why; `row` is what is left to look at."""

    table: TableName
    key: Any
    column: str | None
    reason: str
    row: Any


@dataclass(slots=True)
class Step:
    """The last state of every row, by table, and the rows that are refused.

    Dead letters are by table and key; `keyless` are those whose key itself is refused, of
    which several may look the same. `gone` are rows of that kind that are no longer there.
    """

    tables: dict[TableName, Writes] = field(default_factory=dict)
    refused: dict[tuple[TableName, Key], DeadLetter] = field(default_factory=dict)
    keyless: list[DeadLetter] = field(default_factory=list)
    gone: list[DeadLetter] = field(default_factory=list)

    @property
    def dead_letters(self) -> list[DeadLetter]:
        """The rows that are refused in the end."""
        return [*self.refused.values(), *self.keyless]

    def refuse(self, table: TableName, key: Key, reason: str) -> None:
        """Make a dead letter of a row that MongoDB does not take; no old state of it stays."""
        states = self.tables[table].states
        operation, row = states.pop(key)
        if operation is not Operation.DELETE:
            states[key] = (Operation.DELETE, key)
            self.refused[table, key] = _dead_document(table, key, reason, row)


def coalesce(changes: Iterable[TableChanges]) -> Step:
    """The step that has the same effect as the changes in their order."""
    step = Step()
    for run in changes:
        writes = step.tables.setdefault(run.table, Writes())
        if run.operation is Operation.EMPTY:
            step.tables[run.table] = Writes(emptied=True)
            step.refused = {at: one for at, one in step.refused.items() if at[0] != run.table}
            step.keyless = [one for one in step.keyless if one.table != run.table]
            step.gone = [one for one in step.gone if one.table != run.table]
        elif run.operation is Operation.REFUSE:
            _refuse_run(step, writes, run)
        else:
            _put_run(step, writes, run)
    return step


def _put_run(step: Step, writes: Writes, run: TableChanges) -> None:
    states = writes.states
    for row in run.documents():
        key = document_key(row)
        states[key] = (_operation(writes, key, run.operation), row)
        if step.refused:
            step.refused.pop((run.table, key), None)
        if len(row) > DOCUMENT_BYTES_MAX:
            step.refuse(run.table, key, TOO_LARGE)


def _operation(writes: Writes, key: Key, operation: Operation) -> Operation:
    """A plain insert is right only for a row that nothing in this step came before.

    In an emptied table it is right for every such row, and a hundred times faster: to
    find that a row is missing, MongoDB 6 walks over its deleted neighbours.
    """
    if operation is Operation.DELETE:
        return operation
    if key in writes.states:
        return Operation.PUT
    return Operation.INSERT if writes.emptied else operation


def _refuse_run(step: Step, writes: Writes, run: TableChanges) -> None:
    for row in run.documents():
        letter = bson.decode(row, OPTIONS)
        dead = DeadLetter(
            run.table,
            letter.get("_id"),
            letter.get("column"),
            letter.get("reason", ""),
            _kept(row, letter.get("row")),
        )
        if has_key(row):
            key = document_key(row)
            step.refused[run.table, key] = dead
            writes.states[key] = (Operation.DELETE, key)
        elif not letter.get("gone"):
            step.keyless.append(dead)
        elif dead in step.keyless:
            step.keyless.remove(dead)
        else:
            step.gone.append(dead)


def _dead_document(table: TableName, key: Key, reason: str, row: bytes) -> DeadLetter:
    """Kept as bytes: what MongoDB refuses as a document it may refuse inside another, too."""
    kept = row if len(row) <= DEAD_ROW_BYTES_MAX else None
    return DeadLetter(table, bson.decode(key, OPTIONS)["_id"], None, reason, kept)


def _kept(letter: bytes, row: Any) -> Any:
    """The refused row, as bytes if MongoDB would not take it, None if it is very large."""
    if len(letter) > DEAD_ROW_BYTES_MAX:
        return None
    return row if _depth(row) <= DEAD_ROW_DEPTH_MAX else letter


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0
