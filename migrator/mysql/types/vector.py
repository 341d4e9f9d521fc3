"""VECTOR, which becomes a BSON vector of float32."""

from migrator.errors import BinlogCorrupt
from migrator.mysql.columns.codec import COUNTED, Codec, TypeOptions, Value, binary, prefixed
from migrator.mysql.columns.column import Column, ColumnKind
from migrator.mysql.columns.metadata import ONE_BYTE, Listed

SUBTYPE = 9
HEADER = b"\x27\0"
"""Element type float32, no padding; see the BSON specification of subtype 9."""
FLOAT32_SIZE = 4


def row_vector(column: Column, _: TypeOptions) -> Codec:
    """VECTOR in a row image: float32, little-endian, as BSON has them."""
    return Codec(prefixed(column.metadata), _value)


def result_vector(_: Column, __: TypeOptions) -> Codec:
    """VECTOR in a result: the same bytes, after their length."""
    return Codec(COUNTED, _value)


def _value(data: bytes) -> Value:
    if len(data) % FLOAT32_SIZE:
        raise BinlogCorrupt(
            f"A VECTOR has {len(data)} bytes, not a multiple of {FLOAT32_SIZE}. Look at the row at "
            "the source; if it is sound there, copy the table anew."
        )
    return binary(HEADER + data, SUBTYPE)


VECTOR = ColumnKind(
    name="VECTOR",
    code=242,
    declared=("vector",),
    declared_metadata=lambda _: 4,
    logged_metadata=ONE_BYTE,
    listed=Listed.TEXTS_OF_MYSQL,
    row_codec=row_vector,
    result_codec=result_vector,
)
KINDS = (VECTOR,)
