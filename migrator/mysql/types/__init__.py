"""The types of columns: one place for each, with both of its inputs."""

from collections.abc import Callable

from migrator.errors import UnsupportedChange
from migrator.mysql.columns.codec import Codec, TypeOptions
from migrator.mysql.columns.column import Column, ColumnType
from migrator.mysql.types import (
    decimals,
    json,
    labels,
    network,
    numbers,
    spatial,
    strings,
    temporal,
    vector,
)

__all__ = ["TypeOptions", "result_codec", "row_codec"]

T = ColumnType
Making = Callable[[Column, TypeOptions], Codec]

WHOLE = (numbers.row_integer, numbers.result_integer)
FLOATING = (numbers.floating, numbers.floating)
VARCHAR = (strings.row_varchar, strings.result_varying)
BLOB = (strings.row_blob, strings.result_varying)
COMPRESSED = (strings.row_compressed, strings.result_varying)
DATE = (temporal.row_date, temporal.result_date)

CODECS: dict[ColumnType, tuple[Making, Making]] = {
    # For row images, and for results.
    T.TINY: WHOLE,
    T.SHORT: WHOLE,
    T.INT24: WHOLE,
    T.LONG: WHOLE,
    T.LONGLONG: (numbers.bigint, numbers.bigint),
    T.FLOAT: FLOATING,
    T.DOUBLE: FLOATING,
    T.YEAR: (numbers.row_year, numbers.result_year),
    T.BIT: (numbers.row_bit, numbers.result_bit),
    T.NEWDECIMAL: (decimals.row_decimal, decimals.result_decimal),
    T.DATE: DATE,
    T.NEWDATE: DATE,
    T.DATETIME2: (temporal.row_datetime, temporal.result_datetime),
    T.TIMESTAMP2: (temporal.row_timestamp, temporal.result_datetime),
    T.TIME2: (temporal.row_time, temporal.result_time),
    T.DATETIME: (temporal.old_datetime, temporal.result_datetime),
    T.TIMESTAMP: (temporal.old_timestamp, temporal.result_datetime),
    T.TIME: (temporal.old_time, temporal.result_time),
    T.STRING: (strings.row_char, strings.result_char),
    T.VARCHAR: VARCHAR,
    T.VAR_STRING: VARCHAR,
    T.BLOB: BLOB,
    T.TINY_BLOB: BLOB,
    T.MEDIUM_BLOB: BLOB,
    T.LONG_BLOB: BLOB,
    T.MARIADB_VARCHAR_COMPRESSED: COMPRESSED,
    T.MARIADB_BLOB_COMPRESSED: COMPRESSED,
    T.ENUM: (labels.row_enum, labels.result_enum),
    T.SET: (labels.row_set, labels.result_set),
    T.JSON: (json.row_json, json.result_json),
    T.GEOMETRY: (spatial.row_geometry, spatial.result_geometry),
    T.VECTOR: (vector.row_vector, vector.result_vector),
    T.UUID: (network.row_uuid, network.result_uuid),
    T.INET4: (network.row_inet4, network.result_inet),
    T.INET6: (network.row_inet6, network.result_inet),
}


def row_codec(column: Column, options: TypeOptions) -> Codec:
    """How a column is read in a row image; raises `UnsupportedChange` for an unknown type."""
    return _making(column)[0](column, options)


def result_codec(column: Column, options: TypeOptions) -> Codec:
    """How a column is read in a binary row; raises `UnsupportedChange` for an unknown type."""
    return _making(column)[1](column, options)


def _making(column: Column) -> tuple[Making, Making]:
    found = CODECS.get(column.type)
    if found is None:
        raise UnsupportedChange(
            f"Column {column.name} has the type {column.type.name}, which this migrator cannot "
            "read. Leave its table out of the migration."
        )
    return found
