"""What the stream cannot know by itself, and who answers it."""

from dataclasses import dataclass, field
from typing import Protocol

from migrator.capture.stream.partial_rows import PartialRows
from migrator.errors import SourceError, UnsupportedChange
from migrator.model.table import TableName
from migrator.mysql.binlog.events import Query
from migrator.mysql.sql.statements import Statement


@dataclass(frozen=True, slots=True)
class Question:
    """What must be looked up in the source before the stream goes on.

    `statement` may define tables or change rows; `unknown` is a table whose rows came, and
    nobody knows it; `partial` are rows of which the log does not show everything. A
    `problem` cannot be looked up at all.
    """

    problem: UnsupportedChange | None = None
    statement: Statement | None = None
    query: Query | None = None
    unknown: TableName | None = None
    partial: PartialRows = field(default_factory=PartialRows)


class Answers(Protocol):
    """Who knows what the stream cannot."""

    async def answer(self, question: Question) -> None:
        """Look it up. Raises `SourceError`, `TargetError`."""

    async def past(self, error: SourceError, place: str) -> None:
        """Return if the stream may go past what it cannot handle, else raise the error."""
