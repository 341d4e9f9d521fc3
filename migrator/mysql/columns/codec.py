"""A codec: how the values of one type are read from one input, and written as BSON.

`rows/codegen.py` generates programs from codecs. `value` converts any value, one at a
time; `inline` is source text that converts the usual values faster. tests/migrator/types
checks one against the other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from struct import Struct
from typing import Any, Literal

from migrator.errors import ValueRefused

Value = tuple[int, bytes]
"""A BSON type, and the encoded value."""

INT32 = Struct("<i").pack
INT64 = Struct("<q").pack
FLOAT64 = Struct("<d").pack


class Bson(IntEnum):
    """The element types that codecs write; see bsonspec.org."""

    DOUBLE = 0x01
    STRING = 0x02
    DOCUMENT = 0x03
    ARRAY = 0x04
    BINARY = 0x05
    BOOLEAN = 0x08
    DATE = 0x09
    NULL = 0x0A
    INT32 = 0x10
    INT64 = 0x12
    DECIMAL128 = 0x13


@dataclass(frozen=True, slots=True)
class TypeOptions:
    """The user's choices.

    `zero_dates`: an invalid date, such as 0000-00-00, becomes the text that MySQL prints, or
    null, or its row is refused. `microseconds`: a DATETIME or TIMESTAMP with more than three
    fractional digits, which a BSON date cannot hold, becomes a date without them, or the text
    that MySQL prints.
    """

    zero_dates: Literal["string", "null", "refuse"] = "string"
    microseconds: Literal["truncate", "string"] = "truncate"


@dataclass(frozen=True, slots=True)
class Read:
    """How to read a raw value: by the struct `codes`, little-endian and unaligned.

    Without `length` the codes hold the value, and the expression `raw` makes it of their
    fields {0}, {1}, ... With `length`, another expression over the fields, that many bytes
    follow and are the raw value. A `counted` length is as the client protocol writes it:
    above 250 it continues in the next bytes.
    """

    codes: str
    raw: str = "{0}"
    length: str = ""
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Inline:
    """Source text for the usual values of a column; {v} names the raw value.

    `statements` may reassign {v}, and raise `ValueRefused` for an unusual value; `Layout`
    then decodes the row. The BSON value is `packed`, struct codes and expressions, then the
    bytes {v} if `tail`, then `end`. {n} is the length of {v} after the statements. `names`
    are the objects that the source text names in braces.
    """

    bson: int
    statements: tuple[str, ...] = ()
    packed: tuple[tuple[str, str], ...] = ()
    tail: bool = False
    end: bytes = b""
    names: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Codec:
    """The codec of one column and one input; `key`, if any, converts the value for `_id`."""

    read: Read
    value: Callable[[Any], Value]
    inline: Inline | None = None
    key: Callable[[Any], Value] | None = None


COUNTED = Read("B", length="{0}", counted=True)
"""A string of the client protocol."""


def prefixed(length_bytes: int) -> Read:
    """Bytes after a length of one to four bytes, as row images have them."""
    if length_bytes == 3:
        return Read("HB", length="{0} | {1} << 16")
    return Read({1: "B", 2: "H", 4: "I"}[length_bytes], length="{0}")


def refused(reason: str) -> ValueRefused:
    """The refusal of a value, for the caller to add the column to."""
    return ValueRefused("", reason)


def string(text: str) -> Value:
    """A BSON string."""
    data = text.encode()
    return Bson.STRING, INT32(len(data) + 1) + data + b"\0"


def binary(data: bytes, subtype: int = 0) -> Value:
    """A BSON binary."""
    return Bson.BINARY, INT32(len(data)) + bytes((subtype,)) + data


def integer(number: int) -> Value:
    """An int64, or a Decimal128 for a number outside its range."""
    if -(1 << 63) <= number < 1 << 63:
        return Bson.INT64, INT64(number)
    return decimal128(number, 0)


def decimal128(coefficient: int, scale: int) -> Value:
    """`coefficient` times ten to the power of minus `scale`; at most 34 digits.

    IEEE 754 binary integer decimal: sign, 14 bits of exponent, 113 bits of coefficient.
    """
    sign = 1 << 127 if coefficient < 0 else 0
    bits = sign | (6176 - scale) << 113 | abs(coefficient)
    return Bson.DECIMAL128, bits.to_bytes(16, "little")
