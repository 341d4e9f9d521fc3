"""The columns of a result are those of the catalogue, or the table was altered meanwhile."""

import pytest

from migrator.errors import SourceError
from migrator.mysql.catalog.result_columns import result_columns
from migrator.mysql.columns.column import Column
from migrator.mysql.types import decimals, numbers, strings, temporal
from migrator.mysql.wire.prepared import ResultColumn
from tests.migrator.types.images import COUNT, ID, NAME


def answered(name: str, kind: int = 3, flags: int = 0, decimals: int = 0) -> ResultColumn:
    return ResultColumn(name, kind, flags, 63, decimals, 11)


def test_the_columns_of_a_result_are_those_of_the_catalogue() -> None:
    columns = [answered("count"), answered("id")]

    assert result_columns(columns, (ID, NAME, COUNT)) == (COUNT, ID)
    with pytest.raises(SourceError, match="count"):
        result_columns(columns, (ID, NAME))


@pytest.mark.parametrize(
    ("found", "known"),
    [
        (answered("v", 8), Column("v", numbers.LONG)),
        (answered("v", flags=32), Column("v", numbers.LONG)),
        (answered("v", 12, decimals=3), Column("v", temporal.DATETIME2)),
        (answered("v", 246, decimals=3), Column("v", decimals.NEWDECIMAL, 10 << 8 | 2)),
        (answered("v", 253), Column("v", strings.VARCHAR, 80, collation=255)),
    ],
)
def test_a_column_that_was_altered_is_noticed(found: ResultColumn, known: Column) -> None:
    with pytest.raises(SourceError, match="altered meanwhile"):
        result_columns([found], (known,))
