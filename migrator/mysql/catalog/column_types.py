"""A column as information_schema declares it."""

import re

from migrator.errors import ConfigurationError
from migrator.mysql.columns.column import Column, ColumnType
from migrator.mysql.text.charsets import encode_text

TYPES = {
    "tinyint": ColumnType.TINY,
    "smallint": ColumnType.SHORT,
    "mediumint": ColumnType.INT24,
    "int": ColumnType.LONG,
    "bigint": ColumnType.LONGLONG,
    "decimal": ColumnType.NEWDECIMAL,
    "float": ColumnType.FLOAT,
    "double": ColumnType.DOUBLE,
    "bit": ColumnType.BIT,
    "date": ColumnType.DATE,
    "time": ColumnType.TIME2,
    "datetime": ColumnType.DATETIME2,
    "timestamp": ColumnType.TIMESTAMP2,
    "year": ColumnType.YEAR,
    "char": ColumnType.STRING,
    "binary": ColumnType.STRING,
    "varchar": ColumnType.VARCHAR,
    "varbinary": ColumnType.VARCHAR,
    "enum": ColumnType.ENUM,
    "set": ColumnType.SET,
    "json": ColumnType.JSON,
    "vector": ColumnType.VECTOR,
    "uuid": ColumnType.UUID,
    "inet4": ColumnType.INET4,
    "inet6": ColumnType.INET6,
}
BLOB_LENGTH_BYTES = {"tiny": 1, "": 2, "medium": 3, "long": 4}
FLAT_GEOMETRIES = ("point", "linestring", "polygon", "geometry", "geomcollection")
MANY_GEOMETRIES = ("multipoint", "multilinestring", "multipolygon", "geometrycollection")
GEOMETRIES = frozenset(FLAT_GEOMETRIES + MANY_GEOMETRIES)
# MySQL says DEFAULT_GENERATED of a default that is an expression.
GENERATED = re.compile(r"\b(VIRTUAL|STORED|PERSISTENT)( GENERATED)?\b", re.IGNORECASE)
LABEL = re.compile(r"'((?:[^'\\]|''|\\.)*)'", re.DOTALL)
ESCAPED = re.compile(r"''|\\(.)", re.DOTALL)
ESCAPES = {"0": "\0", "n": "\n", "r": "\r", "Z": "\x1a"}


def declared_column(
    collation: int,
    name: str,
    kind: str,
    declaration: str,
    nullable: str,
    octets: int | None,
    precision: int | None,
    scale: int | None,
    fraction: int | None,
    extra: str | None,
) -> Column:
    """A column by its row of information_schema.COLUMNS, and its collation's id."""
    kind = kind.lower()
    kind_of_column = _type(kind)
    is_text = kind_of_column in _TEXTUAL
    labels = _labels(declaration, collation) if kind in {"enum", "set"} else ()
    return Column(
        name=name,
        type=kind_of_column,
        metadata=_metadata(kind, octets, precision, scale, fraction, len(labels)),
        unsigned="unsigned" in declaration.lower(),
        nullable=nullable == "YES",
        collation=collation if is_text else None,
        labels=labels,
        generated=bool(GENERATED.search(extra or "")),
    )


_TEXTUAL = frozenset(
    {ColumnType.STRING, ColumnType.VARCHAR, ColumnType.BLOB, ColumnType.ENUM, ColumnType.SET}
)


def _type(kind: str) -> ColumnType:
    if kind in GEOMETRIES:
        return ColumnType.GEOMETRY
    if kind.endswith(("blob", "text")):
        return ColumnType.BLOB
    return TYPES.get(kind, ColumnType.UNKNOWN)


def _metadata(
    kind: str,
    octets: int | None,
    precision: int | None,
    scale: int | None,
    fraction: int | None,
    labels: int,
) -> int:
    if kind.endswith(("blob", "text")):
        return BLOB_LENGTH_BYTES[kind[:-4]]
    if kind in GEOMETRIES or kind in {"json", "vector"}:
        return 4
    match kind:
        case "decimal":
            return (int(precision or 0) << 8) | int(scale or 0)
        case "bit":
            return int(precision or 1)
        case "time" | "datetime" | "timestamp":
            return int(fraction or 0)
        case "enum":
            return 1 if labels <= 255 else 2
        case "set":
            size = (labels + 7) // 8
            return size if size <= 4 else 8
        case "float" | "uuid" | "inet4" | "inet6" | "double":
            return {"float": 4, "double": 8, "uuid": 16, "inet4": 4, "inet6": 16}[kind]
        case _:
            return int(octets or 0)


def _labels(declaration: str, collation: int) -> tuple[bytes, ...]:
    texts = (_unescaped(match[1]) for match in LABEL.finditer(declaration))
    return tuple(_encoded(text, collation) for text in texts)


def _encoded(text: str, collation: int) -> bytes:
    try:
        return encode_text(text, collation)
    except ConfigurationError:
        # A label that its own character set does not have: no value of a row equals it.
        return text.encode()


def _unescaped(text: str) -> str:
    return ESCAPED.sub(lambda m: ESCAPES.get(m[1], m[1]) if m[1] else "'", text)
