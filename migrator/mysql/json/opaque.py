"""Reads the values of binary JSON that JSON has no type for, as the server prints them.

Source: MySQL, sql-common/json_dom.cc, Json_wrapper::to_string; my_time.cc for packed
temporal values.
"""

from base64 import encodebytes
from struct import Struct

from bson.decimal128 import Decimal128

from migrator.mysql.json.text import number_of
from migrator.mysql.wire.packed_decimal import coefficient, groups_of, scaled, size_of

# The numbers in `enum_field_types` of the types that are not printed in Base64.
TIMESTAMP, DATE, TIME, DATETIME, NEWDECIMAL = 7, 10, 11, 12, 246
PACKED = Struct("<q").unpack


def opaque(kind: int, data: bytes) -> int | float | str | Decimal128:
    """The value of type `kind` in `data`. Raises struct.error or ValueError if it is cut off."""
    if kind == NEWDECIMAL:
        precision, scale, packed_decimal = data[0], data[1], data[2:]
        groups = groups_of(precision, scale)
        if len(packed_decimal) != size_of(groups):
            raise ValueError("a decimal does not have the size of its precision")
        return number_of(scaled(coefficient(groups, packed_decimal), scale))
    if kind == DATE:
        return _date(PACKED(data)[0] >> 41)
    if kind == TIME:
        (packed,) = PACKED(data)
        sign = "-" if packed < 0 else ""
        return f"{sign}{_clock(abs(packed) >> 24, abs(packed) & 0xFFFFFF)}"
    if kind in {DATETIME, TIMESTAMP}:
        (packed,) = PACKED(data)
        return f"{_date(packed >> 41)} {_clock(packed >> 24 & 0x1FFFF, packed & 0xFFFFFF)}"
    # The server breaks lines of Base64 after 76 characters, and leaves out the last line end.
    return f"base64:type{kind}:{encodebytes(data).decode().rstrip()}"


def _date(packed: int) -> str:
    year, month = divmod(packed >> 5, 13)
    return f"{year:04}-{month:02}-{packed & 31:02}"


def _clock(packed: int, microseconds: int) -> str:
    hours = packed >> 12
    return f"{hours:02}:{packed >> 6 & 63:02}:{packed & 63:02}.{microseconds:06}"
