"""SQL literals of key values, where several kinds of columns share them."""

from decimal import Decimal
from typing import Any

from bson import Decimal128

from migrator.mysql.columns.column import Column, not_a_key


def number_literal(column: Column, value: Any) -> str:
    """A number without an exponent. Raises TypeError for any other value."""
    match value:
        case bool():
            raise not_a_key(column, value)
        case int():
            return str(value)
        case Decimal128():
            return format(value.to_decimal(), "f")
        case Decimal():
            return format(value, "f")
    raise not_a_key(column, value)


def quoted_literal(column: Column, value: Any) -> str:
    """A text of digits and signs, which needs no character set. Raises TypeError for others."""
    if not isinstance(value, str):
        raise not_a_key(column, value)
    return f"'{value}'"
