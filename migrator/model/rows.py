"""Changed rows: as the decoder groups them, and as a batch carries them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from migrator.model.document_key import LENGTH
from migrator.model.table import TableName


class Operation(StrEnum):
    """What a group of changes does to the target."""

    INSERT = "insert"  # New rows, and rows of the copy: whole documents that seldom exist already.
    PUT = "put"  # Changed rows: whole documents that mostly exist already.
    DELETE = "delete"  # Deleted rows: documents that hold `_id` only.
    EMPTY = "empty"  # The table was truncated or dropped: no documents.
    REFUSE = "refuse"  # Rows that cannot be carried over: {_id?, column, reason, row}.


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Consecutive rows of one table event under one operation, as BSON documents.

    A document begins with `_id`, except one that is refused because of its key.
    """

    operation: Operation
    rows: list[bytes]


@dataclass(frozen=True, slots=True)
class TableChanges:
    """Consecutive changes of one table by one operation.

    `rows` are `count` BSON documents, one after another; each begins with `_id`.
    """

    table: TableName
    operation: Operation
    rows: bytes
    count: int

    def documents(self) -> Iterator[bytes]:
        """The documents, one by one."""
        rows, start, end = self.rows, 0, len(self.rows)
        while start < end:
            after = start + LENGTH.unpack_from(rows, start)[0]
            yield rows[start:after]
            start = after
