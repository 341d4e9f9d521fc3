"""Whole numbers, floating point, YEAR and BIT."""

from collections.abc import Callable

from migrator.mysql.columns.codec import (
    COUNTED,
    FLOAT64,
    INT32,
    Bson,
    Codec,
    Inline,
    Read,
    TypeOptions,
    Value,
    integer,
    refused,
)
from migrator.mysql.columns.column import Column, ColumnType

BIG_ENDIAN: Callable[[bytes], int] = int.from_bytes
"""Big-endian is what `int.from_bytes` reads unless told otherwise."""

ROW_CODES = {ColumnType.TINY: "b", ColumnType.SHORT: "h", ColumnType.LONG: "i"}
WIDE = 1 << 63
ABOVE = 'raise {refused}("is above int64")'


def row_integer(column: Column, _: TypeOptions) -> Codec:
    """TINYINT to INT in a row image; MEDIUMINT has three bytes there."""
    if column.type is ColumnType.INT24:
        high = "B" if column.unsigned else "b"
        return _whole(Read(f"H{high}", raw="{0} | {1} << 16"), is_wide=False)
    return _narrow(column, ROW_CODES[column.type])


def result_integer(column: Column, _: TypeOptions) -> Codec:
    """TINYINT to INT in a result; MEDIUMINT has four bytes there."""
    return _narrow(column, ROW_CODES.get(column.type, "i"))


def _narrow(column: Column, code: str) -> Codec:
    read = Read(code.upper() if column.unsigned else code)
    return _whole(read, is_wide=column.unsigned and column.type is ColumnType.LONG)


def _whole(read: Read, *, is_wide: bool) -> Codec:
    """One BSON type per column, whatever the value: int64 only where int32 may be too small."""
    if is_wide:
        return Codec(read, integer, Inline(Bson.INT64, packed=(("q", "{v}"),)))
    return Codec(read, _int32, Inline(Bson.INT32, packed=(("i", "{v}"),)))


def _int32(number: int) -> Value:
    return Bson.INT32, INT32(number)


def bigint(column: Column, _: TypeOptions) -> Codec:
    """BIGINT in both inputs."""
    packed = (("q", "{v}"),)
    if not column.unsigned:
        return Codec(Read("q"), integer, Inline(Bson.INT64, packed=packed))
    # What is above int64 is Decimal128, which the short way leaves to the long one.
    statements = (f"if {{v}} >= {WIDE}: {ABOVE}",)
    names = {"refused": refused}
    return Codec(Read("Q"), integer, Inline(Bson.INT64, statements, packed, names=names))


def floating(column: Column, _: TypeOptions) -> Codec:
    """FLOAT and DOUBLE in both inputs; a FLOAT is the double of exactly its value."""
    code = "f" if column.type is ColumnType.FLOAT else "d"
    return Codec(
        Read(code), _double, Inline(Bson.DOUBLE, packed=(("d", "{v}"),)), key=_unsigned_zero
    )


def _double(number: float) -> Value:
    return Bson.DOUBLE, FLOAT64(number)


def _unsigned_zero(number: float) -> Value:
    # 0 and -0 are one key for the servers, so they have one `_id`.
    return _double(number + 0.0)


def row_year(_: Column, __: TypeOptions) -> Codec:
    """YEAR in a row image: years since 1900, and 0 for 0000."""
    return _whole(Read("B", raw="{0} and {0} + 1900"), is_wide=False)


def result_year(_: Column, __: TypeOptions) -> Codec:
    """YEAR in a result."""
    return _whole(Read("H"), is_wide=False)


def row_bit(column: Column, _: TypeOptions) -> Codec:
    """BIT in a row image: big-endian, in as few bytes as hold its bits."""
    return _bit(Read(f"{(column.metadata + 7) // 8}s"))


def result_bit(_: Column, __: TypeOptions) -> Codec:
    """BIT in a result: the same bytes, behind their length."""
    return _bit(COUNTED)


def _bit(read: Read) -> Codec:
    statements = ("{v} = {whole}({v})", f"if {{v}} >= {WIDE}: {ABOVE}")
    names: dict[str, object] = {"whole": BIG_ENDIAN, "refused": refused}
    inline = Inline(Bson.INT64, statements, (("q", "{v}"),), names=names)
    return Codec(read, lambda data: integer(int.from_bytes(data, "big")), inline)
