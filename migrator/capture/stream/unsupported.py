"""Changes that the binlog does not describe: each stops capture, with what to do."""

import re

from migrator.errors import UnsupportedChange
from migrator.model.position import Position
from migrator.model.table import TableName
from migrator.mysql.binlog.events import Query
from migrator.mysql.sql.text import readings

BLIND = (
    "Views, triggers and functions could not be checked: that takes SELECT, TRIGGER and EXECUTE "
    "on *.*."
)
COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|(?:#|-- )[^\n]*", re.DOTALL)
ROW_VALUES = re.compile(r"(?!^)(?:['\"(]|\b\d|\b(?:values|set|where|select)\b).*", re.I | re.S)
"""What follows the table's name in a statement and may hold values of rows."""


def changes_unseen(event: Query, position: Position, *, knows: bool) -> UnsupportedChange:
    """A statement may have changed rows of the migrated tables, and the log shows none of them.

    `knows`: our privileges showed all views, triggers and functions.
    """
    plain = COMMENT.sub(" ", readings(event.text, event.collation)[0])
    text = " ".join(ROW_VALUES.sub("", plain.lstrip()).split())
    blind = "" if knows else f" {BLIND}"
    return UnsupportedChange(
        f"The binlog has a statement instead of rows at {position.file}:{event.end} ({text} ...), "
        f"and that statement may have changed migrated tables.{blind} Some session writes with "
        "binlog_format=STATEMENT or MIXED: set it to ROW everywhere."
    )


def rolled_back(gtid: str) -> UnsupportedChange:
    """Rows were logged, and then a ROLLBACK."""
    return UnsupportedChange(
        f"Transaction {gtid or '(without a GTID)'} was rolled back after its rows had been logged: "
        "it mixes tables with and without transactions, and the log does not say which rows "
        "stayed. Convert these tables to InnoDB."
    )


def cascade_undone() -> UnsupportedChange:
    """A row that others refer to was changed after a savepoint, and then a ROLLBACK TO came."""
    return UnsupportedChange(
        "A transaction changed a row that others refer to, and went back to a savepoint: it mixes "
        "tables with and without transactions, and the log does not say which rows stayed. "
        "Convert these tables to InnoDB."
    )


def shown_in_part(table: TableName) -> UnsupportedChange:
    """Rows of a distributed transaction cannot be read again before it is decided."""
    return UnsupportedChange(
        f"{table} was changed in a distributed transaction whose log shows rows in part only. Set "
        "binlog_row_image=FULL in every session that uses XA, then start the migration over.",
        passable=False,
    )
