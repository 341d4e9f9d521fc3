"""What `_migrator` stores, also as the version before stored it."""

import bson

from migrator.model.batch import BatchId
from migrator.model.state import KeyRange, TableCopy
from migrator.model.table import TableName
from migrator.state.documents import table_document, table_from

NAME = TableName("shop", "orders")
LAST = bson.encode({"_id": 7})
VERSION_1 = {
    "_id": "shop.orders",
    "database": "shop",
    "table": "orders",
    "partition": 0,
    "generation": 2,
    "estimated_rows": 10,
    "parts": [
        {"lower": None, "upper": ["5"], "last": ["3"], "rows": 3, "done": False},
        {"lower": ["5"], "upper": ["X'61'"], "last": None, "rows": 0, "done": False},
    ],
    "key": ["id LONG"],
    "emptied": [3, 4],
    "left_out": "",
    "owned": True,
}


def test_a_copy_that_version_1_began_is_read_with_its_literals() -> None:
    copy = table_from(VERSION_1)

    assert copy.parts == (
        KeyRange(None, ("5",), ("3",), 3, False),
        KeyRange(("5",), ("X'61'",), None, 0, False),
    )
    assert (copy.generation, copy.key, copy.emptied) == (2, ("id LONG",), BatchId(3, 4))


def test_a_copy_is_read_as_it_was_stored() -> None:
    parts = (KeyRange(("5",), LAST, LAST, 3, True),)
    copy = TableCopy(NAME, 0, 2, 10, parts, ("id LONG",), BatchId(3, 4))

    stored = bson.decode(bson.encode(table_document(copy)))

    assert stored["version"] == 2
    assert table_from(stored) == copy
