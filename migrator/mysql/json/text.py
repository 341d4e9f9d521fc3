"""Reads JSON as MySQL prints it. A SELECT has no other form, so binary JSON must read alike."""

import json
import re
from decimal import Decimal
from typing import Any

import orjson
from bson.decimal128 import Decimal128

from migrator.errors import BinlogCorrupt

INT64_MIN, INT64_MAX = -(1 << 63), (1 << 63) - 1
DECIMAL128_DIGITS = 34
# Up to sixteen characters lose no digit: sixteen digits are an int64, and a double keeps
# fifteen digits with a point.
MAY_LOSE_DIGITS = re.compile(rb"[0-9.]{17}")


def parse_text(text: bytes) -> Any:
    """The document that the server printed, as values that `bson.encode` takes.

    Raises `BinlogCorrupt` if the text is not JSON.
    """
    try:
        if MAY_LOSE_DIGITS.search(text) is None:
            return orjson.loads(text)
        return EXACT.decode(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BinlogCorrupt(
            f"The source sent JSON that cannot be read: {error}. Look at the row at the source; "
            "if it is sound there, please report this."
        ) from error


def number_of(text: str) -> int | float | str | Decimal128:
    """A number of JSON, without loss of digits.

    The text does not say whether the server holds a double or a DECIMAL. It becomes a
    double if a double prints the same value, otherwise a Decimal128 of the same scale, and
    beyond 34 digits the text.
    """
    if "e" in text:  # No DECIMAL is printed with an exponent.
        return float(text)
    if "." not in text:
        whole = int(text)
        return whole if INT64_MIN <= whole <= INT64_MAX else _wide(text)
    double = float(text)
    return double if Decimal(repr(double)) == Decimal(text) else _wide(text)


def _wide(text: str) -> str | Decimal128:
    exact = Decimal(text)
    return Decimal128(exact) if len(exact.as_tuple().digits) <= DECIMAL128_DIGITS else text


EXACT = json.JSONDecoder(parse_float=number_of, parse_int=number_of)
