"""Changes that the binlog does not describe: each stops the run, and says what to do."""

from migrator.capture.tables import Tables
from migrator.changes import Position
from migrator.errors import UnsupportedChange
from migrator.mysql.columns import TableName
from migrator.mysql.events import Query
from migrator.mysql.statements import Statement

QUOTED_CHARACTERS = 200


def refuse_rows(event: Query, statement: Statement, tables: Tables, position: Position) -> None:
    """Raise `UnsupportedChange` if a statement changed rows of a table that is migrated."""
    captured = sorted({str(table) for table in statement.tables if table in tables})
    if captured:
        raise UnsupportedChange(
            f"The binlog holds a statement instead of rows for {', '.join(captured)}, at "
            f"{position.file}:{event.end}: {event.statement[:QUOTED_CHARACTERS]!r}. Some session "
            "writes with binlog_format=STATEMENT or MIXED: set it to ROW everywhere, then begin "
            "the migration anew, because nobody knows which rows it changed."
        )


def rolled_back(gtid: str) -> UnsupportedChange:
    """Rows were logged, and then a ROLLBACK."""
    return UnsupportedChange(
        f"Transaction {gtid or '(without a GTID)'} was rolled back after its rows had been logged: "
        "it mixes tables with and without transactions, and nobody can tell which rows stayed. "
        "Convert these tables to InnoDB, then begin the migration anew."
    )


def shown_in_part(table: TableName) -> UnsupportedChange:
    """Rows of a distributed transaction cannot be read again before it is decided."""
    return UnsupportedChange(
        f"{table} was changed in a distributed transaction that logs parts of rows only. Set "
        "binlog_row_image=FULL in every session that uses XA, then begin the migration anew."
    )
