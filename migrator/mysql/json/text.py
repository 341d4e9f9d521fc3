"""JSON as MySQL prints it: the only form that a SELECT has, and so the measure of all others."""

import json
import re
from decimal import Decimal
from typing import Any

import orjson
from bson.decimal128 import Decimal128

from migrator.errors import BinlogCorrupt

INT64_MIN, INT64_MAX = -(1 << 63), (1 << 63) - 1
DECIMAL128_DIGITS = 34
# A run of sixteen characters holds sixteen digits, or fifteen and a point: the first is
# an int64, and a double gives the second back unchanged.
MAY_LOSE_DIGITS = re.compile(rb"[0-9.]{17}")


def parse_text(text: bytes) -> Any:
    """The document that the server printed, of what `bson.encode` takes.

    Raises `BinlogCorrupt` if the text is not JSON.
    """
    try:
        if MAY_LOSE_DIGITS.search(text) is None:
            return orjson.loads(text)
        return EXACT.decode(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BinlogCorrupt(
            "The source has sent JSON that cannot be read. Read the row at the source, and "
            f"report it: {error}."
        ) from error


def number_of(text: str) -> int | float | str | Decimal128:
    """A number of JSON, with all its digits.

    The text does not say whether the server holds a double or a DECIMAL. It is a double
    wherever a double prints the same value, otherwise a Decimal128 of the same scale,
    and beyond 34 digits the text.
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
