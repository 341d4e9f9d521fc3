"""MySQL's JSON, from the text that the server prints."""

import json
from decimal import Decimal
from typing import Any

from bson import Decimal128, Int64

INT32 = range(-(2**31), 2**31)
INT64 = range(-(2**63), 2**63)
DECIMAL128_DIGITS = 34


def json_value(text: str) -> Any:
    """Objects, arrays, strings, booleans, null, and numbers of the type that the contract says."""
    return json.loads(text, parse_int=_whole, parse_float=_fractional)


def _whole(text: str) -> Any:
    number = int(text)
    if number in INT32:
        return number
    return Int64(number) if number in INT64 else _decimal(text)


def _fractional(text: str) -> Any:
    number = float(text)
    is_same = Decimal(repr(number)) == Decimal(text)
    return number if is_same else _decimal(text)


def _decimal(text: str) -> Any:
    digits = len(Decimal(text).as_tuple().digits)
    return Decimal128(text) if digits <= DECIMAL128_DIGITS else text
