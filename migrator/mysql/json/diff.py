"""Applies partial updates, as JSON_SET, JSON_REPLACE and JSON_REMOVE are logged.

With binlog_row_value_options=PARTIAL_JSON an after-image may hold, instead of the
document, its differences from the document before.
Source: MySQL, sql-common/json_diff.h, Json_diff.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from migrator.errors import BinlogCorrupt
from migrator.mysql.json.binary import parse_binary
from migrator.mysql.wire.packets import length_encoded_bytes

REPLACE, INSERT, REMOVE = range(3)
OPERATIONS_MAX = REMOVE

# A key in quotes, a bare key, or a cell counted from the first or the last one.
LEG = re.compile(r'\.("(?:[^"\\]|\\.)*")|\.([^.\[\s"]+)|\[(\d{1,10})\]|\[last(?:-(\d{1,10}))?\]')

Leg = str | int
"""A key, or the index of a cell: 0 is the first and -1 the last."""


def patched(before: bytes, differences: bytes) -> Any:
    """The document after `differences`, which were logged for the binary JSON `before`.

    Both come without their length. Raises `BinlogCorrupt` if they do not fit together.
    """
    document = [parse_binary(before)]  # In a list, so that the root has an index.
    try:
        for operation, path, value in _differences(differences):
            _apply(document, operation, [0, *_legs(path)], value)
    except (LookupError, ValueError, TypeError) as error:
        raise BinlogCorrupt(
            "A partial change of JSON does not fit the document before it. Copy the table anew; "
            "SET GLOBAL binlog_row_value_options = '' at the source avoids partial changes."
        ) from error
    return document[0]


def _differences(data: bytes) -> Iterator[tuple[int, str, Any]]:
    at = 0
    while at < len(data):
        operation = data[at]
        if operation > OPERATIONS_MAX:
            raise ValueError(f"there is no operation {operation}")
        path, at = length_encoded_bytes(data, at + 1)
        value = b""
        if operation != REMOVE:
            value, at = length_encoded_bytes(data, at)
        yield operation, path.decode("utf-8"), parse_binary(value)


def _legs(path: str) -> Iterator[Leg]:
    at = 1
    while at < len(path):
        match = LEG.match(path, at)
        if match is None:
            raise ValueError("a path cannot be read")
        quoted, bare, cell, from_last = match.groups()
        if quoted is not None:
            yield str(json.loads(quoted, strict=False))
        elif bare is not None:
            yield bare
        else:
            yield int(cell) if cell is not None else -1 - int(from_last or 0)
        at = match.end()


def _apply(document: list[Any], operation: int, legs: list[Leg], value: Any) -> None:
    parent: Any = document
    for leg in legs[:-1]:
        parent = parent[_index(parent, leg)]
    index = _index(parent, legs[-1])
    if operation == REMOVE:
        del parent[index]
    elif operation == REPLACE:
        _ = parent[index]  # Raises unless it is there.
        parent[index] = value
    elif isinstance(parent, list):
        parent.insert(index, value)
    else:
        parent[index] = value
        # MySQL orders the keys of an object by their length in bytes, then by the bytes.
        members = sorted(parent.items(), key=lambda one: (len(key := one[0].encode()), key))
        parent.clear()
        parent.update(members)


def _index(parent: Any, leg: Leg) -> Any:
    """The leg as an index into `parent`. Raises TypeError if `parent` is of another kind."""
    if not isinstance(parent, dict if isinstance(leg, str) else list):
        raise TypeError("a path leads through a value of another kind")
    return leg
