"""What each declared type becomes, by docs/types.md: the SQL that reads it, and its value.

Values come as the text that the server prints, cell by cell; a type that prints less than it holds
is asked for in another way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bson import Decimal128, Int64
from bson.binary import Binary

from migrator.independent.values.charsets import UNICODE, foreign_text
from migrator.independent.values.column import Column
from migrator.independent.values.form import Unreadable
from migrator.independent.values.geometry import geojson
from migrator.independent.values.json import DECIMAL128_DIGITS, INT64, json_value
from migrator.independent.values.moments import Options, moment, moment_in_key

PLAIN = "{}"
NUMBER = "{} + 0"
# FLOAT is printed with six digits; a product of it is a DOUBLE, and minus zero stays.
REAL = "{} * 1e0"
TEXT = "CAST(CONVERT({} USING utf8mb4) AS BINARY)"
BYTES = "CAST({} AS BINARY)"
FLOAT32_VECTOR = b"\x27\0"
"""How a BSON vector of float32 without padding begins."""
VECTOR_SUBTYPE = 9
INT32_TYPES = ("tinyint", "smallint", "mediumint", "int", "year")

Reading = Callable[[Column, Options, bytes], Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """How a type is selected and read; `in_key` where it is another value in `_id`."""

    read: Reading
    select: str = PLAIN
    in_key: Reading | None = None


def selections(column: Column) -> tuple[str, ...]:
    """The templates by which a column is selected; the text of foreign sets as its bytes, too."""
    rule = RULES[column.type]
    return (TEXT, BYTES) if is_foreign(column) else (rule.select,)


def is_foreign(column: Column) -> bool:
    """Whether its text is of a character set that does not have all characters."""
    return bool(column.charset) and column.charset not in UNICODE


def value(column: Column, options: Options, cells: tuple[bytes | None, ...]) -> Any:
    """The value of a document's field."""
    return _read(RULES[column.type].read, column, options, cells)


def value_in_key(column: Column, options: Options, cells: tuple[bytes | None, ...]) -> Any:
    """The value in `_id`."""
    rule = RULES[column.type]
    return _read(rule.in_key or rule.read, column, options, cells)


def _read(
    reading: Reading, column: Column, options: Options, cells: tuple[bytes | None, ...]
) -> Any:
    if cells[-1] is None:
        return None
    try:
        cell = foreign_text(column.charset, *cells) if len(cells) > 1 else cells[0]
        return reading(column, options, cell or b"")
    except (ValueError, ArithmeticError) as error:
        return Unreadable(f"{column.name}: {type(error).__name__}")


def _integer(column: Column, _: Options, cell: bytes) -> Any:
    number = int(cell)
    is_small = column.type in INT32_TYPES and (column.type != "int" or not column.unsigned)
    return number if is_small else _int64(number)


def _bits(_: Column, __: Options, cell: bytes) -> Any:
    return _int64(int(cell))


def _int64(number: int) -> Any:
    return Int64(number) if number in INT64 else Decimal128(str(number))


def _decimal(column: Column, _: Options, cell: bytes) -> Any:
    text = cell.decode()
    sign, digits = text[: text[0] == "-"], text.lstrip("-").lstrip("0")
    plain = sign + ("0" + digits if digits[:1] in {"", "."} else digits)
    return Decimal128(plain) if column.precision <= DECIMAL128_DIGITS else plain


def _real(_: Column, __: Options, cell: bytes) -> Any:
    return float(cell)


def _real_in_key(_: Column, __: Options, cell: bytes) -> Any:
    return float(cell) + 0.0  # Minus zero is the key of zero.


def _text(_: Column, __: Options, cell: bytes) -> Any:
    return cell.decode()


def _label(_: Column, __: Options, cell: bytes) -> Any:
    return cell.decode()


def _labels(_: Column, __: Options, cell: bytes) -> Any:
    return [label for label in cell.decode().split(",") if label]


def _bytes(_: Column, __: Options, cell: bytes) -> Any:
    return cell


def _moment(column: Column, options: Options, cell: bytes) -> Any:
    return moment(column, options, cell.decode())


def _moment_in_key(column: Column, options: Options, cell: bytes) -> Any:
    return moment_in_key(column, options, cell.decode())


def _json(_: Column, __: Options, cell: bytes) -> Any:
    return json_value(cell.decode())


def _geometry(_: Column, __: Options, cell: bytes) -> Any:
    return geojson(cell)


def _vector(_: Column, __: Options, cell: bytes) -> Any:
    return Binary(FLOAT32_VECTOR + cell, VECTOR_SUBTYPE)


def _uuid(_: Column, __: Options, cell: bytes) -> Any:
    return Binary.from_uuid(UUID(cell.decode()))


MOMENT = Rule(_moment, in_key=_moment_in_key)
GEOMETRIES = (
    "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
    "geometrycollection", "geomcollection",
)  # fmt: skip
TEXTS = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext")
BINARIES = ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob")
RULES: dict[str, Rule] = {
    **dict.fromkeys((*INT32_TYPES, "bigint"), Rule(_integer)),
    "bit": Rule(_bits, NUMBER),
    "decimal": Rule(_decimal),
    **dict.fromkeys(("float", "double"), Rule(_real, REAL, _real_in_key)),
    **dict.fromkeys(("date", "datetime", "timestamp"), MOMENT),
    "time": Rule(_text),
    **dict.fromkeys(TEXTS, Rule(_text, TEXT)),
    **dict.fromkeys(BINARIES, Rule(_bytes)),
    "enum": Rule(_label, TEXT),
    "set": Rule(_labels, TEXT, _label),
    "json": Rule(_json, TEXT),
    **dict.fromkeys(GEOMETRIES, Rule(_geometry)),
    "vector": Rule(_vector),
    "uuid": Rule(_uuid),
    **dict.fromkeys(("inet4", "inet6"), Rule(_text)),
}
"""By DATA_TYPE of information_schema, on MySQL and on MariaDB."""
