"""Equal forms, equal BSON; and what of two documents differs."""

from typing import Any

import pytest
from bson import Decimal128, Int64
from bson.binary import Binary

from migrator.independent.values.form import (
    DifferingField,
    differing_fields,
    digest,
    form,
    identity,
    shown,
)

DIFFERENT: list[Any] = [
    None, False, 0, Int64(0), 0.0, -0.0, Decimal128("0"), Decimal128("0.0"), "", "0", b"",
    Binary(b"", 4), [], {}, {"a": 1, "b": 2}, {"b": 2, "a": 1},
]  # fmt: skip


def test_values_of_different_types_have_different_forms() -> None:
    assert len({form(value) for value in DIFFERENT}) == len(DIFFERENT)


def test_nan_is_itself() -> None:
    assert form(float("nan")) == form(float("nan"))


def test_the_width_of_an_integer_counts_but_in_an_identity() -> None:
    assert identity({"a": 1, "b": 1.0}) == identity({"a": Int64(1), "b": 1.0})
    assert identity(1) != identity(1.0)
    assert digest({"_id": 1, "v": 1}) == digest({"_id": Int64(1), "v": 1})
    assert digest({"_id": 1, "v": 1}) != digest({"_id": 1, "v": Int64(1)})


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"_id": 1, "a": 1, "b": "x"}, ()),
        ({"_id": 1, "a": 1.0, "b": "x"}, (DifferingField("a", "int32 1", "double 1.0"),)),
        ({"_id": 1, "a": 1}, (DifferingField("b", "string 'x'", "no such field"),)),
        ({"_id": 1, "b": "x", "a": 1},
         (DifferingField("(order of the fields)", "_id, a, b", "_id, b, a"),)),
    ],
)  # fmt: skip
def test_what_differs_is_named_with_both_values(document: Any, expected: Any) -> None:
    row = {"_id": Int64(1), "a": 1, "b": "x"}

    assert differing_fields(row, document) == expected
    assert (digest(row) == digest(document)) is (expected == ())


def test_a_decimal_is_shown_with_its_scale() -> None:
    assert shown(form(Decimal128("19.90"))) == "decimal 19.90"
