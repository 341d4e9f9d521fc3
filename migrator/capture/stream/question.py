"""What the log does not tell the stream, and what looks it up."""

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

    `statement` may define tables or change rows; `unknown` is a table whose rows arrived and
    whose definition is not known; `partial` are rows that the log does not show whole; foreign
    keys changed rows of tables `recopied`, and only a copy shows which. A `problem` cannot be
    looked up at all.
    """

    problem: UnsupportedChange | None = None
    statement: Statement | None = None
    query: Query | None = None
    unknown: TableName | None = None
    recopied: tuple[TableName, ...] = ()
    partial: PartialRows = field(default_factory=PartialRows)


class Answers(Protocol):
    """Looks up what the stream cannot know."""

    async def answer(self, question: Question) -> None:
        """Look it up. Raises `SourceError`, `TargetError`."""

    async def skip(self, error: SourceError, position: str) -> None:
        """Return if the stream may skip the event that it cannot handle, else raise the error."""
