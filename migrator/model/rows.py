"""Changed rows: as the decoder groups them, and as a batch carries them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from migrator.model.document_key import LENGTH
from migrator.model.reference import Reference
from migrator.model.table import TableName


class Operation(StrEnum):
    """What a group of changes does to the target."""

    INSERT = "insert"  # New rows, and rows of the copy: whole documents that seldom exist already.
    PUT = "put"  # Changed rows: whole documents that mostly exist already.
    DELETE = "delete"  # Deleted rows: documents that hold `_id` only.
    EMPTY = "empty"  # The table was truncated or dropped: no documents.
    REFUSE = "refuse"  # Rows that cannot be carried over: {_id?, column, reason, row}.
    EXPECT = "expect"  # Rows of a verification: whole documents that must be there.
    ABSENT = "absent"  # Keys of a verification, `{_id}`: no such document may be there.
    CASCADE = "cascade"  # What foreign keys do to rows that refer to these: {old, new?}.


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Consecutive rows of one table event under one operation, as BSON documents.

    A document begins with `_id`, except one that is refused because of its key. Under CASCADE
    it has the values that other rows refer to, before and, unless the row is deleted, after; with
    an `_id`, those before are in the row's document;
    `references` are all that come into play, also further down.
    """

    operation: Operation
    rows: list[bytes]
    references: tuple[Reference, ...] = ()

    def is_like(self, other: "RowGroup") -> bool:
        """Whether the rows of both make one group."""
        return self.operation is other.operation and self.references == other.references


@dataclass(frozen=True, slots=True)
class TableChanges:
    """Consecutive changes of one table by one operation.

    `rows` are `count` BSON documents, one after another, as in a `RowGroup`.
    """

    table: TableName
    operation: Operation
    rows: bytes
    count: int
    references: tuple[Reference, ...] = ()

    def documents(self) -> Iterator[bytes]:
        """The documents, one by one."""
        rows, start, end = self.rows, 0, len(self.rows)
        while start < end:
            after = start + LENGTH.unpack_from(rows, start)[0]
            yield rows[start:after]
            start = after
