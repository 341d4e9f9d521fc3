"""JSON of MySQL, which becomes native BSON; MariaDB's JSON is text."""

from collections.abc import Callable
from typing import Any

import bson
from bson.errors import InvalidDocument

from migrator.mysql.columns import Column
from migrator.mysql.json_binary import parse_binary
from migrator.mysql.json_diff import patched
from migrator.mysql.json_text import parse_text
from migrator.mysql.types.codec import (
    COUNTED,
    Bson,
    Codec,
    Inline,
    TypeOptions,
    Value,
    prefixed,
    refused,
)

_OTHER = refused("needs the long way")


def row_json(column: Column, _: TypeOptions) -> Codec:
    """JSON in a row image: MySQL's binary form."""
    return Codec(prefixed(column.metadata), _binary, _inline(_binary))


def result_json(_: Column, __: TypeOptions) -> Codec:
    """JSON in a result: text."""
    return Codec(COUNTED, _text, _inline(_text))


def json_after(before: bytes, differences: bytes) -> Value:
    """The value that partial update `differences` make of the row image's `before`."""
    return value_of(patched(before, differences))


def value_of(document: Any) -> Value:
    """A parsed JSON document as BSON; raises `ValueRefused` for what BSON cannot hold."""
    try:
        # In a field of another document, so that `_id` keeps its place among the keys.
        data = bson.encode({"": document})
    except (InvalidDocument, OverflowError, RecursionError) as error:
        raise refused(f"its JSON cannot be BSON: {_why(error)}") from error
    return data[4], data[6:-1]


def _why(error: Exception) -> str:
    # The error's own text may hold the row's values, which do not belong in a log.
    return "a key holds NUL" if isinstance(error, InvalidDocument) else "it is too large"


def _binary(data: bytes) -> Value:
    return value_of(parse_binary(data))


def _text(data: bytes) -> Value:
    return value_of(parse_text(data))


def _inline(value: Callable[[bytes], Value]) -> Inline:
    """Objects are usual; all else has another BSON type, and takes the long way."""

    def document(data: bytes) -> bytes:
        bson_type, encoded = value(data)
        if bson_type != Bson.DOCUMENT:
            raise _OTHER
        return encoded

    return Inline(
        Bson.DOCUMENT, ("{v} = {document}({v})",), tail=True, names={"document": document}
    )
