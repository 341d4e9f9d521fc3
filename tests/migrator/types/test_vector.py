"""VECTOR of MySQL 9: bytes that are no vector are corrupt."""

import pytest

from migrator.errors import BinlogCorrupt
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.columns.column import Column
from migrator.mysql.types import vector

OPTIONS = TypeOptions()


def test_a_part_of_a_number_is_corrupt() -> None:
    column = Column("v", vector.VECTOR, 4)

    for codec in (column.row_codec(OPTIONS), column.result_codec(OPTIONS)):
        with pytest.raises(BinlogCorrupt, match="5 bytes"):
            codec.value(b"12345")
