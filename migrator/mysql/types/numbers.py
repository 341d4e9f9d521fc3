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
from migrator.mysql.columns.column import CodecMaker, Column, ColumnKind
from migrator.mysql.columns.literals import number_literal
from migrator.mysql.columns.metadata import ONE_BYTE, Listed, LoggedMetadata
from migrator.mysql.wire.prepared import ResultColumn

BIG_ENDIAN: Callable[[bytes], int] = int.from_bytes
"""`int.from_bytes` reads big-endian by default."""

UNSIGNED = 32
"""The flag UNSIGNED of a result's column."""
WIDE = 1 << 63
ABOVE = 'raise {refused}("is above int64")'


def row_mediumint(column: Column, _: TypeOptions) -> Codec:
    """MEDIUMINT in a row image, where it has three bytes."""
    high = "B" if column.unsigned else "b"
    return _whole(Read(f"H{high}", raw="{0} | {1} << 16"))


def whole(code: str, *, is_wide: bool = False) -> CodecMaker:
    """Whole numbers of struct's `code`; if `is_wide`, unsigned ones need int64."""

    def codec(column: Column, _: TypeOptions) -> Codec:
        read = Read(code.upper() if column.unsigned else code)
        return _whole(read, is_wide=is_wide and column.unsigned)

    return codec


def _whole(read: Read, *, is_wide: bool = False) -> Codec:
    """One BSON type for all values of a column: int64 only if int32 may be too small."""
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
    # A number above int64 becomes a Decimal128, which the program leaves to `Layout`.
    statements = (f"if {{v}} >= {WIDE}: {ABOVE}",)
    names = {"refused": refused}
    return Codec(Read("Q"), integer, Inline(Bson.INT64, statements, packed, names=names))


def floating(code: str) -> CodecMaker:
    """FLOAT and DOUBLE in both inputs; a FLOAT becomes the double of the same value."""

    def codec(_: Column, __: TypeOptions) -> Codec:
        inline = Inline(Bson.DOUBLE, packed=(("d", "{v}"),))
        return Codec(Read(code), _double, inline, key=_unsigned_zero)

    return codec


def _double(number: float) -> Value:
    return Bson.DOUBLE, FLOAT64(number)


def _unsigned_zero(number: float) -> Value:
    # 0 and -0 are the same key for the servers, so they have the same `_id`.
    return _double(number + 0.0)


def row_year(_: Column, __: TypeOptions) -> Codec:
    """YEAR in a row image: years since 1900, and 0 for 0000."""
    return _whole(Read("B", raw="{0} and {0} + 1900"))


def result_year(_: Column, __: TypeOptions) -> Codec:
    """YEAR in a result."""
    return _whole(Read("H"))


def row_bit(column: Column, _: TypeOptions) -> Codec:
    """BIT in a row image: big-endian, in as few bytes as hold its bits."""
    return _bit(Read(f"{(column.metadata + 7) // 8}s"))


def result_bit(_: Column, __: TypeOptions) -> Codec:
    """BIT in a result: the same bytes, after their length."""
    return _bit(COUNTED)


def _bit(read: Read) -> Codec:
    statements = ("{v} = {whole}({v})", f"if {{v}} >= {WIDE}: {ABOVE}")
    names: dict[str, object] = {"whole": BIG_ENDIAN, "refused": refused}
    inline = Inline(Bson.INT64, statements, (("q", "{v}"),), names=names)
    return Codec(read, lambda data: integer(int.from_bytes(data, "big")), inline)


def _has_same_sign(answered: ResultColumn, column: Column) -> bool:
    return bool(answered.flags & UNSIGNED) == column.unsigned


def _integer(
    name: str, code: int, declared: str, row: CodecMaker, result: CodecMaker
) -> ColumnKind:
    return ColumnKind(
        name=name,
        code=code,
        declared=(declared,),
        listed=Listed.NUMBERS,
        row_codec=row,
        agrees=_has_same_sign,
        result_codec=result,
        key_literal=number_literal,
    )


TINY = _integer("TINY", 1, "tinyint", whole("b"), whole("b"))
SHORT = _integer("SHORT", 2, "smallint", whole("h"), whole("h"))
INT24 = _integer("INT24", 9, "mediumint", row_mediumint, whole("i"))
LONG = _integer("LONG", 3, "int", whole("i", is_wide=True), whole("i", is_wide=True))
LONGLONG = _integer("LONGLONG", 8, "bigint", bigint, bigint)
FLOAT = ColumnKind(
    name="FLOAT",
    code=4,
    declared=("float",),
    declared_metadata=lambda _: 4,
    logged_metadata=ONE_BYTE,
    listed=Listed.NUMBERS,
    row_codec=floating("f"),
    result_codec=floating("f"),
)
DOUBLE = ColumnKind(
    name="DOUBLE",
    code=5,
    declared=("double",),
    declared_metadata=lambda _: 8,
    logged_metadata=ONE_BYTE,
    listed=Listed.NUMBERS,
    row_codec=floating("d"),
    result_codec=floating("d"),
)
YEAR = ColumnKind(
    name="YEAR",
    code=13,
    declared=("year",),
    listed=Listed.NUMBERS,
    row_codec=row_year,
    result_codec=result_year,
    key_literal=number_literal,
)
BIT = ColumnKind(
    name="BIT",
    code=16,
    declared=("bit",),
    declared_metadata=lambda declaration: declaration.precision or 1,
    # The bits beyond whole bytes, then the bytes.
    logged_metadata=LoggedMetadata(2, lambda data: data[0] + 8 * data[1]),
    row_codec=row_bit,
    result_codec=result_bit,
    key_literal=number_literal,
)
INTEGERS = (TINY, SHORT, INT24, LONG, LONGLONG)
FLOATING = (FLOAT, DOUBLE)
KINDS = (*INTEGERS, *FLOATING, YEAR, BIT)
