"""Text and labels that are refused."""

import zlib

import pytest

from migrator.errors import ConfigurationError, ValueRefused
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.columns.column import CodecMaker, Column
from migrator.mysql.types import labels, strings
from migrator.mysql.types.strings import COMPRESSED_MAX, decompressed

OPTIONS = TypeOptions()


UTF8MB4 = 255


def test_labels_that_are_not_known_say_what_to_set() -> None:
    column = Column("state", labels.ENUM, 1, collation=UTF8MB4)

    with pytest.raises(ConfigurationError, match="binlog_row_metadata to FULL"):
        column.row_codec(OPTIONS)


@pytest.mark.parametrize("data", [b"\xed\xa0\x80", b"\xc0\x80", b"\xff", b"\xf0\x9f\x98"])
@pytest.mark.parametrize("make", [Column.row_codec, Column.result_codec])
def test_bytes_that_are_no_utf_8_are_refused(make: CodecMaker, data: bytes) -> None:
    column = Column("v", strings.VARCHAR, 80, collation=UTF8MB4)
    codec = make(column, OPTIONS)

    with pytest.raises(ValueRefused, match="is not valid utf8mb4"):
        codec.value(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\x70\1",
        b"\x83\xff\xff\xff",
        b"\x84" + (COMPRESSED_MAX + 1).to_bytes(4, "big") + zlib.compress(b""),
        b"\x81\2no stream",
        b"\x81\2" + zlib.compress(b"a"),
        b"\x81\2" + zlib.compress(b"abc"),
        b"\x81\2" + zlib.compress(b"ab")[:-6],
    ],
)
def test_what_mariadb_did_not_compress_is_refused(data: bytes) -> None:
    with pytest.raises(ValueRefused, match="compressed"):
        decompressed(data)
