"""Matches the columns of a result with the catalogue: the table may have been altered."""

from collections.abc import Sequence

from migrator.errors import SourceError
from migrator.mysql.columns.column import Column
from migrator.mysql.text.charsets import charset_of
from migrator.mysql.wire.prepared import ResultColumn


def result_columns(
    columns: Sequence[ResultColumn], catalogue: Sequence[Column]
) -> tuple[Column, ...]:
    """The catalogue's columns in the order of a result.

    Raises `SourceError` if a column is missing in the catalogue, or has another type there.
    """
    known = {column.name: column for column in catalogue}
    for answered in columns:
        column = known.get(answered.name)
        if column is None or not _agrees(answered, column):
            raise SourceError(
                f"A SELECT returned a column {answered.name} that is not as in the catalogue: the "
                "table was altered meanwhile. Start again."
            )
    return tuple(known[column.name] for column in columns)


def _agrees(answered: ResultColumn, column: Column) -> bool:
    kind = column.kind
    if answered.type != (kind.result_code or kind.code) or not kind.agrees(answered, column):
        return False
    # For the collations of MariaDB 10.10 the protocol and the catalogue use different ids.
    return column.collation is None or (
        charset_of(answered.collation) is charset_of(column.collation)
    )
