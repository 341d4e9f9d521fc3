"""What the stream cannot know by itself."""

from dataclasses import dataclass, field

from migrator.capture.partial_rows import Doubts
from migrator.errors import UnsupportedChange
from migrator.model.table import TableName
from migrator.mysql.binlog.events import Query
from migrator.mysql.sql.statements import Statement


@dataclass(frozen=True, slots=True)
class Pending:
    """What must be looked up in the source before the stream goes on.

    `statement` may define tables or change rows; `unknown` is a table whose rows came, and
    nobody knows it; `doubts` are rows of which the log does not show everything. A
    `problem` cannot be looked up at all.
    """

    problem: UnsupportedChange | None = None
    statement: Statement | None = None
    query: Query | None = None
    unknown: TableName | None = None
    doubts: Doubts = field(default_factory=Doubts)
