"""Elements are read and replaced as bytes."""

from datetime import UTC, datetime
from typing import Any

import bson
from bson import Decimal128, Int64

from migrator.model.elements import elements, of_elements, replaced

EVERYTHING: dict[str, Any] = {
    "_id": {"a": 1, "b": "é"},
    "a": 1,
    "b": "é",
    "long": Int64(2**40),
    "double": 1.5,
    "decimal": Decimal128("1.50"),
    "bytes": b"\0\1",
    "date": datetime(2024, 2, 29, tzinfo=UTC),
    "null": None,
    "true": True,
    "list": [1, {"x": None}],
}


def test_a_document_is_made_of_its_elements() -> None:
    document = bson.encode(EVERYTHING)

    assert of_elements(elements(document)) == document
    assert [name for name, _ in elements(document)] == list(EVERYTHING)


def test_a_value_is_replaced_also_in_a_key_of_several_fields() -> None:
    document = bson.encode({"_id": {"a": 1, "b": 2}, "a": 1, "b": 2, "v": "x"})

    changed = replaced(document, {"a": b"\x10\7\0\0\0"}, ("a", "b"))

    assert changed == bson.encode({"_id": {"a": 7, "b": 2}, "a": 7, "b": 2, "v": "x"})


def test_a_value_is_replaced_also_where_it_is_the_key() -> None:
    document = bson.encode({"_id": "x", "a": "x"})

    changed = replaced(document, {"a": b"\x0a"}, ("a",))

    assert bson.decode(changed) == {"_id": None, "a": None}
