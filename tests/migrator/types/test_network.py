"""UUID, INET4 and INET6 of MariaDB: bytes that are no value are corrupt."""

import pytest

from migrator.errors import BinlogCorrupt
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.columns.column import Column, ColumnKind
from migrator.mysql.types import network

OPTIONS = TypeOptions()


@pytest.mark.parametrize("kind", [network.UUID, network.INET4, network.INET6])
def test_what_is_too_long_or_no_text_is_corrupt(kind: ColumnKind) -> None:
    column = Column("v", kind)

    with pytest.raises(BinlogCorrupt):
        column.row_codec(OPTIONS).value(b"x" * 17)
    with pytest.raises(BinlogCorrupt):
        column.result_codec(OPTIONS).value(b"\xff" * 36)


def test_a_uuid_that_is_none_is_corrupt() -> None:
    with pytest.raises(BinlogCorrupt):
        Column("v", network.UUID).result_codec(OPTIONS).value(b"1234")
