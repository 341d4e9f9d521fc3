"""Where a chunk goes on: after a document key, or after the literals of a state of version 1."""

import bson
import pytest

from migrator.model.document_key import Bound
from migrator.model.state import KeyRange
from migrator.model.table import TableName
from migrator.mysql.catalog.tables import Table
from migrator.mysql.columns.column import Column
from migrator.mysql.types.numbers import LONG
from migrator.snapshot.chunks import bound_literals, chunk_sql

COLUMNS = (Column("a", LONG), Column("b", LONG), Column("v", LONG))


def table(*key: int) -> Table:
    return Table(TableName("shop", "t"), COLUMNS, "PRIMARY", key, "InnoDB", 0, 0)


@pytest.mark.parametrize(
    ("key", "identity", "literals"),
    [((0,), 7, ("7",)), ((0,), -1, ("-1",)), ((1, 0), {"b": 3, "a": 4}, ("3", "4"))],
)
def test_a_key_and_its_literals_go_on_at_the_same_row(
    key: tuple[int, ...], identity: object, literals: tuple[str, ...]
) -> None:
    own, document = table(*key), bson.encode({"_id": identity})

    assert bound_literals(own, document) == literals
    assert chunk_sql(own, document, KeyRange(), 9) == chunk_sql(own, literals, KeyRange(), 9)


@pytest.mark.parametrize("upper", [("9",), bson.encode({"_id": 9})])
def test_a_range_ends_at_its_upper_bound_in_either_form(upper: Bound) -> None:
    sql = chunk_sql(table(0), None, KeyRange(lower=("5",), upper=upper), 9)

    assert sql == (
        "SELECT `a`, `b`, `v` FROM `shop`.`t` FORCE INDEX (`PRIMARY`) "
        "WHERE (`a` > 5) AND (`a` <= 9) ORDER BY `a` LIMIT 9"
    )
