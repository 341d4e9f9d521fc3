"""JSON of MySQL, which becomes native BSON; MariaDB's JSON is text."""

from dataclasses import dataclass
from typing import Any

import bson
from bson.errors import InvalidDocument

from migrator.mysql.columns.codec import COUNTED, Codec, TypeOptions, Value, prefixed, refused
from migrator.mysql.columns.column import Column, ColumnKind
from migrator.mysql.columns.metadata import ONE_BYTE
from migrator.mysql.json.binary import parse_binary
from migrator.mysql.json.diff import patched
from migrator.mysql.json.text import parse_text


@dataclass(frozen=True, slots=True)
class PartialJson:
    """The raw value of a partial update: that of the before-image, and the differences."""

    before: bytes
    differences: bytes


def row_json(column: Column, _: TypeOptions) -> Codec:
    """JSON in a row image: MySQL's binary form, or `PartialJson`."""
    return Codec(prefixed(column.metadata), _binary)


def result_json(_: Column, __: TypeOptions) -> Codec:
    """JSON in a result: text."""
    return Codec(COUNTED, _text)


def _binary(raw: bytes | PartialJson) -> Value:
    if isinstance(raw, PartialJson):
        return value_of(patched(raw.before, raw.differences))
    return value_of(parse_binary(raw))


def _text(raw: bytes) -> Value:
    return value_of(parse_text(raw))


def value_of(document: Any) -> Value:
    """A parsed JSON document as BSON; raises `ValueRefused` for what BSON cannot hold."""
    try:
        # As a field: `encode` would move an `_id` of the document itself to the front.
        data = bson.encode({"": document})
    except (InvalidDocument, OverflowError, RecursionError) as error:
        # The error's own text may hold the row's values, which do not belong in a log.
        reason = "a key holds NUL" if isinstance(error, InvalidDocument) else "it is too large"
        raise refused(f"its JSON cannot be stored as BSON: {reason}") from error
    return data[4], data[6:-1]


JSON = ColumnKind(
    name="JSON",
    code=245,
    declared=("json",),
    declared_metadata=lambda _: 4,
    logged_metadata=ONE_BYTE,
    row_codec=row_json,
    result_codec=result_json,
)
KINDS = (JSON,)
