"""The key of a document, read from its bytes."""

from typing import Any

import bson
import pytest

from migrator.model.document_key import document_key, has_key


@pytest.mark.parametrize(
    "value",
    [2**40, "text", "", b"bytes", 1.5, None, True, {"a": 1, "b": "x"}, [1, "x"],
     bson.Decimal128("1.5"), bson.Binary(b"0" * 16, 4), bson.Timestamp(1, 2), bson.ObjectId()],
)  # fmt: skip
def test_the_key_is_a_document_of_the_leading_id_alone(value: Any) -> None:
    only_id, longer = bson.encode({"_id": value}), bson.encode({"_id": value, "name": "x"})

    assert document_key(only_id) == only_id
    assert document_key(longer) == only_id


@pytest.mark.parametrize("value", [0, 1, -1, 2**31 - 1, -(2**31)])
def test_a_32_bit_integer_is_the_same_key_as_the_64_bit_one(value: int) -> None:
    narrow, wide = bson.encode({"_id": value}), bson.encode({"_id": bson.Int64(value)})

    assert document_key(narrow) == document_key(wide) == wide


def test_a_document_without_a_leading_id_has_no_key() -> None:
    assert has_key(bson.encode({"_id": 1}))
    assert not has_key(bson.encode({"column": "x", "reason": "_id"}))
    assert not has_key(bson.encode({}))
