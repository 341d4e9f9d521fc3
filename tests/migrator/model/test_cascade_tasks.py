"""What follows from changed rows, and in which stages it is loaded."""

from collections.abc import Sequence
from typing import Any

import bson
from bson import Decimal128, Int64

from migrator.load.cascades.tasks import Moved, tasks_of
from migrator.load.transaction import stages_of
from migrator.model.elements import NULL, elements
from migrator.model.reference import Action, Reference
from migrator.model.rows import Operation, TableChanges
from migrator.model.table import TableName
from migrator.mongodb.referring import successor

P, C, D = (TableName("shop", name) for name in "pcd")


def reference(
    name: str = "k", on_delete: Action = Action.CASCADE, on_update: Action = Action.CASCADE
) -> Reference:
    return Reference(name, C, ("f",), P, ("id",), on_delete, on_update, ("id",))


def values(**fields: Any) -> dict[str, bytes]:
    return dict(elements(bson.encode(fields)))


def one(value: Any) -> tuple[bytes, ...]:
    return tuple(values(v=value).values())


def cascade(table: TableName = P, **document: Any) -> TableChanges:
    row = bson.encode(document or {"old": {"id": 1}})
    return TableChanges(table, Operation.CASCADE, row, 1, (reference(),))


def put(table: TableName, *keys: int) -> TableChanges:
    rows = b"".join(bson.encode({"_id": key}) for key in keys)
    return TableChanges(table, Operation.PUT, rows, len(keys))


def shape(changes: Sequence[TableChanges]) -> list[tuple[list[str], int]]:
    return [
        ([table.name for table in stage.coalesced.tables], len(stage.cascades))
        for stage in stages_of(changes)
    ]


def test_deleted_values_take_their_rows_along_or_become_null() -> None:
    rows = [Moved(values(id=1), None), Moved(values(id=2), None), Moved(values(id=None), None)]

    (deleting,) = tasks_of(P, rows, [reference()])
    (nulling,) = tasks_of(P, rows, [reference(on_delete=Action.SET_NULL)])

    assert deleting.values == {one(1): None, one(2): None}
    assert nulling.values == {one(1): (NULL,), one(2): (NULL,)}
    assert list(tasks_of(P, rows, [reference(on_delete=Action.NOTHING)])) == []
    assert list(tasks_of(C, rows, [reference()])) == []


def test_a_value_that_passes_from_one_row_to_another_begins_another_task() -> None:
    moves = [(1, 9), (2, 1), (9, 2), (5, 5)]
    rows = [Moved(values(id=old), values(id=new)) for old, new in moves]

    tasks = list(tasks_of(P, rows, [reference()]))

    assert [task.values for task in tasks] == [
        {one(1): one(9), one(2): one(1)},
        {one(9): one(2)},
    ]


def test_changes_before_a_cascade_are_loaded_before_it_and_others_after_it() -> None:
    assert shape([put(C, 1), cascade(), put(C, 2), cascade(), put(D, 3)]) == [
        (["c"], 1),
        (["c"], 1),
        (["d"], 0),
    ]


def test_cascades_that_rows_between_them_do_not_concern_are_carried_out_together() -> None:
    assert shape([cascade(), put(P, 1), cascade(), put(P, 2), cascade()]) == [([], 3), (["p"], 0)]


def test_a_cascade_that_looks_at_its_own_row_waits_for_it() -> None:
    looking = cascade(P, _id=1, new={"id": 2})

    assert shape([cascade(), put(P, 1), looking]) == [([], 1), (["p"], 1)]


def test_a_value_of_another_number_type_has_the_same_successor() -> None:
    values = {one(1): one(2), (*one(0.0), *one(Decimal128("1.0"))): None}

    assert successor(values, one(1)) == one(2)
    assert successor(values, one(Int64(1))) == one(2)
    assert successor(values, (*one(-0.0), *one(Decimal128("1.00")))) is None
