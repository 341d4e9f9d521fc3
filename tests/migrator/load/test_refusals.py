"""Rows that cannot be carried over become dead letters, and their neighbours land."""

from typing import Any

import bson
import pytest

from migrator.load.partition import OwnedPartition
from migrator.model.rows import Operation, TableChanges
from tests.migrator.load.scene import Document, Scene

TOO_DEEP = "It is nested deeper than MongoDB allows."


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


async def test_a_row_that_capture_refused_leaves_no_old_state(
    scene: Scene, owned: OwnedPartition
) -> None:
    await owned.load([scene.batch(scene.put({"_id": 1, "n": 1}, {"_id": 2, "n": 1}))])
    refused = scene.changes(
        Operation.REFUSE,
        {"_id": 1, "column": "born", "reason": "has no BSON type", "row": {"born": "0000"}},
        {"column": "id", "reason": "is no key", "row": {"id": "x"}},
    )

    await owned.load([scene.batch(refused, scene.put({"_id": 3, "n": 1}))])

    assert await scene.rows() == [{"_id": 2, "n": 1}, {"_id": 3, "n": 1}]
    dead_letters = await scene.documents("dead_letters")
    assert [(row["key"], row["column"], row["reason"], row["row"]) for row in dead_letters] == [
        (1, "born", "has no BSON type", {"born": "0000"}),
        (None, "id", "is no key", {"id": "x"}),
    ]
    assert dead_letters[0]["stamp"] == [1, 2]
    assert sum((await scene.state.dead_letter_counts()).values()) == 2
    assert await scene.state.dead_letter_counts() == {f"{scene.database}.orders": 2}


@pytest.mark.parametrize("operation", [Operation.INSERT, Operation.PUT])
@pytest.mark.parametrize(
    ("poison", "reason"),
    [
        ({"_id": 7, "deep": nested(185)}, TOO_DEEP),
        ({"_id": 7, "deep": nested(250)}, TOO_DEEP),
        (
            {"_id": 7, "big": b"x" * (16 * 1024 * 1024)},
            "The document is larger than MongoDB's limit of 16 MiB.",
        ),
    ],
    ids=["deep", "very deep", "large"],
)
async def test_poison_is_found_and_its_neighbours_land(
    scene: Scene, owned: OwnedPartition, operation: Operation, poison: Document, reason: str
) -> None:
    rows: list[Document] = [{"_id": key, "n": 1} for key in range(20)]
    rows[7] = poison

    assert await owned.load([scene.batch(scene.changes(operation, *rows))]) == 1

    assert await scene.rows() == rows[:7] + rows[8:]
    (dead_letter,) = await scene.documents("dead_letters")
    assert (dead_letter["key"], dead_letter["reason"]) == (7, reason)
    if reason == TOO_DEEP:
        assert dead_letter["row"] == bson.encode(poison)


@pytest.mark.parametrize("operation", [Operation.INSERT, Operation.PUT, Operation.DELETE])
async def test_a_key_that_mongodb_does_not_take_is_refused(
    scene: Scene, owned: OwnedPartition, operation: Operation
) -> None:
    keys: list[Any] = [1, [1], {"$a": 1}, 2]

    rows = scene.changes(operation, *({"_id": key} for key in keys))
    assert await owned.load([scene.batch(rows)]) == 1

    deleted = operation is Operation.DELETE
    assert await scene.rows() == ([] if deleted else [{"_id": 1}, {"_id": 2}])
    assert sum((await scene.state.dead_letter_counts()).values()) == (0 if deleted else 2)


async def test_an_old_state_of_a_refused_row_is_deleted(
    scene: Scene, owned: OwnedPartition
) -> None:
    await owned.load([scene.batch(scene.put({"_id": 1, "n": 1}, {"_id": 2, "n": 1}))])

    await owned.load([scene.batch(scene.put({"_id": 1, "deep": nested(185)}, {"_id": 2, "n": 2}))])

    assert await scene.rows() == [{"_id": 2, "n": 2}]


@pytest.mark.parametrize("operation", [Operation.INSERT, Operation.PUT])
async def test_a_conflict_on_a_unique_index_refuses_one_row(
    scene: Scene, owned: OwnedPartition, operation: Operation
) -> None:
    orders = scene.client[scene.database].orders
    await orders.create_index("sku", unique=True)
    await owned.load([scene.batch(scene.put({"_id": 1, "sku": "TEA"}))])

    rows = ({"_id": 2, "sku": "TEA"}, {"_id": 3, "sku": "JAM"})
    await owned.load([scene.batch(scene.changes(operation, *rows))])

    assert await scene.rows() == [{"_id": 1, "sku": "TEA"}, {"_id": 3, "sku": "JAM"}]
    (dead_letter,) = await scene.documents("dead_letters")
    assert dead_letter["reason"] == "A unique index of the collection holds its value already."
    assert "TEA" not in dead_letter["reason"]


async def test_a_value_passes_from_a_deleted_row_to_a_new_one(
    scene: Scene, owned: OwnedPartition
) -> None:
    await scene.client[scene.database].orders.create_index("sku", unique=True)
    await owned.load([scene.batch(scene.put({"_id": 1, "sku": "TEA"}))])

    await owned.load([scene.batch(scene.put({"_id": 2, "sku": "TEA"}), scene.delete(1))])

    assert await scene.rows() == [{"_id": 2, "sku": "TEA"}]


async def test_a_refused_row_that_is_nested_deeply_is_still_a_dead_letter(
    scene: Scene, owned: OwnedPartition
) -> None:
    refusal = {"_id": 1, "column": "doc", "reason": "too deep", "row": {"doc": nested(185)}}
    refused = TableChanges(scene.table(), Operation.REFUSE, bson.encode(refusal), 1)

    assert await owned.load([scene.batch(refused)]) == 1

    (kept,) = await scene.documents("dead_letters")
    assert kept["row"] == bson.encode(refusal)
