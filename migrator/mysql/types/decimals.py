"""DECIMAL: Decimal128 up to 34 digits, which keeps the scale; wider ones are text."""

from collections.abc import Callable
from typing import Any

from migrator.mysql.columns.codec import (
    COUNTED,
    Bson,
    Codec,
    Inline,
    Read,
    TypeOptions,
    Value,
    decimal128,
    refused,
    string,
)
from migrator.mysql.columns.column import Column, ColumnKind
from migrator.mysql.columns.literals import number_literal
from migrator.mysql.columns.metadata import BIG_ENDIAN as BIG_ENDIAN_METADATA
from migrator.mysql.columns.metadata import Listed
from migrator.mysql.types.numbers import BIG_ENDIAN
from migrator.mysql.wire.packed_decimal import Groups, coefficient, groups_of, scaled, size_of
from migrator.mysql.wire.prepared import ResultColumn

DIGITS_MAX = 34
LOW = (1 << 64) - 1
OTHER_DIGITS = "does not have the digits of its column"


def row_decimal(column: Column, _: TypeOptions) -> Codec:
    """DECIMAL in a row image, as `packed_decimal.py` describes it."""
    precision, scale = column.metadata >> 8, column.metadata & 0xFF
    groups = groups_of(precision, scale)
    size = size_of(groups)
    top = 1 << size * 8 - 1
    value = _value(precision, scale)
    statements = (
        "{v} = {whole}({v})",
        f"if {{v}} >= {top}: {{v}} ^= {top}; {{v}}s = 0",
        f"else: {{v}} ^= {top - 1}; {{v}}s = {1 << 63}",
        f"{{v}} = {_weighed(groups)}",
    )
    inline = _inline(precision, scale, statements, whole=BIG_ENDIAN)
    return Codec(Read(f"{size}s"), lambda data: value(coefficient(groups, data)), inline)


def result_decimal(column: Column, _: TypeOptions) -> Codec:
    """DECIMAL in a result: its digits, `scale` of them after the point."""
    precision, scale = column.metadata >> 8, column.metadata & 0xFF
    value = _value(precision, scale)
    digits = "{v}.replace(b'.', b'')" if scale else "{v}"
    statements = (
        *((f"if {{v}}[-{scale + 1}] != 46: raise {{refused}}('')",) if scale else ()),
        f"{{v}} = int({digits})",
        "{v}s = 0",
        f"if {{v}} < 0: {{v}} = -{{v}}; {{v}}s = {1 << 63}",
    )
    inline = _inline(precision, scale, statements)
    return Codec(COUNTED, lambda data: value(_text_coefficient(data, scale)), inline)


def _inline(
    precision: int, scale: int, statements: tuple[str, ...], **names: object
) -> Inline | None:
    if precision > DIGITS_MAX:
        return None
    check = f"if {{v}} >= {10**precision}: raise {{refused}}('')"
    high = f"{{v}}s | {(6176 - scale) << 49}"
    if precision < 20:  # Below 2^64.
        packed = (("Q", "{v}"), ("Q", high))
    else:
        packed = (("Q", f"{{v}} & {LOW}"), ("Q", f"{high} | {{v}} >> 64"))
    names["refused"] = refused
    return Inline(Bson.DECIMAL128, (*statements, check), packed, names=names)


def _value(precision: int, scale: int) -> Callable[[int], Value]:
    def value(digits: int) -> Value:
        if abs(digits) >= 10**precision:
            raise refused(OTHER_DIGITS)
        if precision > DIGITS_MAX:
            return string(scaled(digits, scale))
        return decimal128(digits, scale)

    return value


def _weighed(groups: Groups) -> str:
    """Expression for the sum of the groups in the number {v}, each times its power of ten."""
    if len(groups) == 1:
        return "{v}"
    terms, shift, digits_below = [], 0, 0
    for length, digits in reversed(groups):
        terms.append(f"({{v}} >> {shift} & {(1 << length * 8) - 1}) * {10**digits_below}")
        shift += length * 8
        digits_below += digits
    return " + ".join(terms)


def _text_coefficient(data: bytes, scale: int) -> int:
    whole, point, fraction = data.partition(b".")
    if len(fraction) != scale or bool(point) != bool(scale):
        raise refused(OTHER_DIGITS)
    return int(whole + fraction)


def _has_same_scale(answered: ResultColumn, column: Column) -> bool:
    return answered.decimals == column.metadata & 0xFF


def _literal(column: Column, value: Any) -> str:
    return value if isinstance(value, str) else number_literal(column, value)


NEWDECIMAL = ColumnKind(
    name="NEWDECIMAL",
    code=246,
    declared=("decimal",),
    declared_metadata=lambda declaration: declaration.precision << 8 | declaration.scale,
    logged_metadata=BIG_ENDIAN_METADATA,
    listed=Listed.NUMBERS,
    row_codec=row_decimal,
    agrees=_has_same_scale,
    result_codec=result_decimal,
    key_literal=_literal,
)
KINDS = (NEWDECIMAL,)
