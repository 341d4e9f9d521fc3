"""Whether a result set has the columns that the catalogue had: a table may have been altered."""

from collections.abc import Sequence

from migrator.errors import SourceError
from migrator.mysql.columns.column import Column, ColumnType
from migrator.mysql.text.charsets import charset_of
from migrator.mysql.wire.prepared import ResultColumn

T = ColumnType

UNSIGNED = 32
WIRE_TYPES = {
    # As which types the protocol has columns whose real type it does not say.
    T.VARCHAR: T.VAR_STRING,
    T.ENUM: T.STRING,
    T.SET: T.STRING,
    T.UUID: T.STRING,
    T.INET4: T.STRING,
    T.INET6: T.STRING,
    T.DATETIME2: T.DATETIME,
    T.TIMESTAMP2: T.TIMESTAMP,
    T.TIME2: T.TIME,
}
SIGNED = frozenset({T.TINY, T.SHORT, T.INT24, T.LONG, T.LONGLONG})
FRACTIONAL = frozenset({T.DATETIME2, T.TIMESTAMP2, T.TIME2})


def result_columns(
    columns: Sequence[ResultColumn], catalogue: Sequence[Column]
) -> tuple[Column, ...]:
    """The catalogue's columns in the order of a result.

    Raises `SourceError` if one is missing, or is of another type than it was.
    """
    known = {column.name: column for column in catalogue}
    for answered in columns:
        column = known.get(answered.name)
        if column is None or not _agrees(answered, column):
            raise SourceError(
                f"A SELECT answers with a column {answered.name} that is not what the catalogue "
                "said: the table was altered meanwhile. Start again."
            )
    return tuple(known[column.name] for column in columns)


def _agrees(answered: ResultColumn, column: Column) -> bool:
    if answered.type != WIRE_TYPES.get(column.type, column.type):
        return False
    if column.type in SIGNED:
        return bool(answered.flags & UNSIGNED) == column.unsigned
    if column.type in FRACTIONAL:
        return answered.decimals == column.metadata
    if column.type is T.NEWDECIMAL:
        return answered.decimals == column.metadata & 0xFF
    if column.collation is not None:
        # The wire has other numbers than the catalogue for collations of MariaDB 10.10.
        return charset_of(answered.collation) is charset_of(column.collation)
    return True
