"""A table as the source's catalogue describes it to any client."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from migrator.independent.source.client import Cell, SourceClient, SourceRow, quoted
from migrator.independent.values.column import Column
from migrator.model.table import TableName

COLUMNS = """
    SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, NUMERIC_PRECISION, DATETIME_PRECISION,
           CHARACTER_SET_NAME, COLLATION_NAME
    FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {}
    ORDER BY ORDINAL_POSITION
"""
SIZE = """
    SELECT TABLE_ROWS, AVG_ROW_LENGTH
    FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {}
"""
PRIMARY = "PRIMARY"
# Columns of SHOW INDEX.
NON_UNIQUE, INDEX, COLUMN, PREFIX, NULLABLE = 1, 2, 4, 7, 9
LONG_TYPES = ("text", "blob")


@dataclass(frozen=True, slots=True)
class Table:
    """A table with the key that makes its `_id`; both sizes are the server's estimates."""

    name: TableName
    columns: tuple[Column, ...]
    key_name: str
    key: tuple[Column, ...]
    estimated_rows: int
    row_bytes: int

    @property
    def definition(self) -> tuple[object, ...]:
        """What two reads of a table that nobody altered have in common."""
        return self.columns, self.key_name, self.key

    @property
    def from_clause(self) -> str:
        """The table, read in the order of its key."""
        name = f"{quoted(self.name.database)}.{quoted(self.name.name)}"
        return f"{name} FORCE INDEX ({quoted(self.key_name)})"


async def read_table(client: SourceClient, name: TableName) -> Table | None:
    """The table, None if the source has none of this name. Raises `SourceError`."""
    where = client.escaped(name.database), client.escaped(name.name)
    columns = tuple(map(_column, await client.rows(COLUMNS.format(*where))))
    if not columns:
        return None
    sizes = await client.rows(SIZE.format(*where))
    rows, row_bytes = (int(size or 0) for size in (sizes[0] if sizes else (None, None)))
    table = f"{quoted(name.database)}.{quoted(name.name)}"
    key_name, key = _key(columns, await client.rows(f"SHOW INDEX FROM {table}"))
    return Table(name, columns, key_name, key, rows, row_bytes)


def _column(row: SourceRow) -> Column:
    name, kind, full, precision, digits, charset, collation = map(_text, row)
    return Column(
        name, kind.lower(), full.lower(), int(precision or 0), int(digits or 0), charset, collation
    )


def _text(cell: Cell) -> str:
    return "" if cell is None else cell.decode()


def _key(columns: Sequence[Column], indexes: Sequence[SourceRow]) -> tuple[str, tuple[Column, ...]]:
    """The primary key, else the first unique key of whole columns that are NOT NULL; "" and ()."""
    own = {column.name: column for column in columns}
    parts: dict[str, list[SourceRow]] = defaultdict(list)
    for row in indexes:
        parts[_text(row[INDEX])].append(row)
    for name, rows in parts.items():
        if name == PRIMARY or all(_identifies(row, own) for row in rows):
            return name, tuple(own[_text(row[COLUMN])] for row in rows)
    return "", ()


def _identifies(row: SourceRow, own: dict[str, Column]) -> bool:
    column = own.get(_text(row[COLUMN]))
    return (
        row[NON_UNIQUE] == b"0"
        and row[PREFIX] is None
        and row[NULLABLE] != b"YES"
        and column is not None
        and not column.type.endswith(LONG_TYPES)
    )
