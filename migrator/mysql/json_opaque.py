"""Values of binary JSON that JSON does not know, as the server prints them.

Source: MySQL, sql-common/json_dom.cc, Json_wrapper::to_string; my_time.cc for packed
temporal values; strings/decimal.cc for packed decimals.
"""

from base64 import encodebytes
from struct import Struct

from bson.decimal128 import Decimal128

from migrator.mysql.columns import ColumnType
from migrator.mysql.json_text import number_of

PACKED = Struct("<q").unpack
DIGITS_PER_WORD = 9
BYTES_OF_DIGITS = (0, 1, 1, 2, 2, 3, 3, 4, 4, 4)


def opaque(kind: int, data: bytes) -> int | float | str | Decimal128:
    """The value of type `kind` in `data`; struct.error or ValueError if it is cut."""
    match kind:
        case ColumnType.NEWDECIMAL:
            return number_of(_decimal(data[0], data[1], data[2:]))
        case ColumnType.DATE:
            return _date(PACKED(data)[0] >> 41)
        case ColumnType.TIME:
            return _time(PACKED(data)[0])
        case ColumnType.DATETIME | ColumnType.TIMESTAMP:
            (packed,) = PACKED(data)
            return f"{_date(packed >> 41)} {_clock(packed >> 24 & 0x1FFFF, packed & 0xFFFFFF)}"
    # The server breaks the lines of Base64 after 76 characters, but does not end the last.
    return f"base64:type{kind}:{encodebytes(data).decode().rstrip()}"


def _date(packed: int) -> str:
    year, month = divmod(packed >> 5, 13)
    return f"{year:04}-{month:02}-{packed & 31:02}"


def _time(packed: int) -> str:
    sign = "-" if packed < 0 else ""
    return f"{sign}{_clock(abs(packed) >> 24, abs(packed) & 0xFFFFFF)}"


def _clock(packed: int, microseconds: int) -> str:
    hours = packed >> 12
    return f"{hours:02}:{packed >> 6 & 63:02}:{packed & 63:02}.{microseconds:06}"


def _decimal(precision: int, scale: int, packed: bytes) -> str:
    """A packed decimal as text.

    Words of nine digits, the first and the last shorter; the highest bit is inverted,
    and below zero all others, too.
    """
    words, rest = divmod(precision - scale, DIGITS_PER_WORD)
    after_words, after_rest = divmod(scale, DIGITS_PER_WORD)
    digits = [rest, *[DIGITS_PER_WORD] * (words + after_words), after_rest]
    if len(packed) != sum(BYTES_OF_DIGITS[count] for count in digits):
        raise ValueError("a decimal has another size than it says")
    bits = int.from_bytes(packed, "big") ^ 1 << 8 * len(packed) - 1
    is_negative = bits >> 8 * len(packed) - 1
    if is_negative:
        bits = ~bits & (1 << 8 * len(packed)) - 1
    data = bits.to_bytes(len(packed), "big")
    text, at = "", 0
    for count in digits:
        after = at + BYTES_OF_DIGITS[count]
        text += str(int.from_bytes(data[at:after], "big")).zfill(count) if count else ""
        at = after
    whole = text[: precision - scale].lstrip("0") or "0"
    sign = "-" if is_negative else ""
    return f"{sign}{whole}.{text[precision - scale :]}" if scale else f"{sign}{whole}"
