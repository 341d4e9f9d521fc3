"""Rows and documents are held against each other by their keys and their bytes."""

from collections.abc import Sequence
from typing import Any

import bson

from migrator.load.judging.verdict import ORDER, Expected
from migrator.model.batch import Batch, BatchId, Check
from migrator.model.position import Position
from migrator.model.rows import Operation, TableChanges
from migrator.model.table import TableName
from migrator.state.verification import Kind

T = TableName("shop", "t")


def expected(*rows: dict[str, Any], check: Check | None = None) -> Expected:
    check = check or Check("request", T)
    changes = TableChanges(T, Operation.EXPECT, b"".join(map(bson.encode, rows)), len(rows))
    batch = Batch(0, BatchId(1, 0), BatchId(1, 1), Position(), True, (changes,), check=check)
    return Expected.of(batch, check)


def kinds(found: Expected) -> Sequence[tuple[Kind, Any, list[str]]]:
    return [(one.kind, bson.decode(one.key)["_id"], one.fields) for one in found.findings]


def test_equal_bytes_are_equal() -> None:
    found = expected({"_id": 1, "v": 1}, {"_id": 2, "v": 1})

    found.judge(bson.encode({"_id": 1, "v": 1}))
    found.judge(bson.encode({"_id": 2, "v": 1.0}))
    found.judge(bson.encode({"_id": 3}))
    found.miss(set())

    assert found.counts == {"compared": 2, "equal": 1, "different": 1, "extra": 1}
    assert kinds(found) == [(Kind.DIFFERENT, 2, ["v"]), (Kind.EXTRA, 3, [])]


def test_the_order_of_fields_and_the_type_of_a_key_count() -> None:
    found = expected({"_id": 1, "a": 1, "b": 2}, {"_id": 2})

    found.judge(bson.encode({"_id": 1, "b": 2, "a": 1}))
    found.judge(bson.encode({"_id": bson.Int64(2)}))

    assert kinds(found) == [(Kind.DIFFERENT, 1, [ORDER]), (Kind.DIFFERENT, 2, ["_id"])]


def test_rows_that_the_stream_changed_are_not_judged_but_looked_at_again() -> None:
    keys = tuple(bson.encode({"_id": bson.Int64(key)}) for key in (2, 5, 50))
    bounds = (bson.encode({"_id": 1}), bson.encode({"_id": 9}))
    found = expected({"_id": 3}, check=Check("request", T, unclear=keys, bounds=bounds))

    found.judge(bson.encode({"_id": 2}))
    found.judge(bson.encode({"_id": 3}))

    assert found.findings == []
    assert found.unclear() == list(keys[:2])


def test_a_row_in_the_dead_letters_is_not_missing() -> None:
    found = expected({"_id": 1}, {"_id": 2})

    found.miss({bson.encode({"_id": bson.Int64(2)})})

    assert kinds(found) == [(Kind.MISSING, 1, [])]
    assert (found.counts["compared"], found.counts["dead_letters"]) == (1, 1)


def test_findings_that_are_put_off_count_for_nothing() -> None:
    found = expected({"_id": 1}, {"_id": 2, "v": 1})
    found.judge(bson.encode({"_id": 2, "v": 2}))
    found.judge(bson.encode({"_id": 3}))
    found.miss(set())

    again = found.put_off()

    assert [bson.decode(key)["_id"] for key in again] == [2, 3, 1]
    assert +found.counts == {}
    assert found.findings == []
