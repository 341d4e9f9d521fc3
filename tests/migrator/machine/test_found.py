"""What the machine has found, as small as it gets."""

import asyncio

import pytest

from migrator.errors import SourceError, ValueRefused
from migrator.model.scope import Scope
from migrator.model.table import TableName
from migrator.mysql.catalog.tables import Table, read_tables
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.columns.column import Column, ColumnKind
from migrator.mysql.types import labels
from migrator.mysql.wire.connection import SourceUrl, connect
from migrator.snapshot.planner import explains
from tests.migrator.conftest import RoadFactory
from tests.migrator.faults.scene import left_out
from tests.migrator.road import Source

UTF16 = 54


@pytest.mark.parametrize("kind", [labels.ENUM, labels.SET])
def test_a_label_that_means_nothing_refuses_its_rows_only(kind: ColumnKind) -> None:
    column = Column("e", kind, 1, collation=UTF16, labels=(b"x", b"\0y"))

    codec = column.row_codec(TypeOptions())

    codec.value(2)
    with pytest.raises(ValueRefused, match="not valid in its character set"):
        codec.value(1)


def test_a_table_that_was_dropped_and_made_anew_as_it_was_is_asked_for_again() -> None:
    table = Table(TableName("shop", "t"), (), "", (), "InnoDB", 0, 0)

    assert explains(SourceError("It does not exist.", 1146), table, table)
    assert explains(SourceError("Its definition has changed.", 1412), table, table)
    assert not explains(SourceError("The disk is full.", 1021), table, table)


async def test_the_catalogue_is_read_while_keys_get_other_names(source: Source) -> None:
    source.run(*(f"CREATE TABLE t{n} (a INT PRIMARY KEY, v INT)" for n in range(8)))
    alters = [
        f"ALTER TABLE t{n} RENAME COLUMN {old} TO {new}"
        for old, new in (("a", "b"), ("b", "a")) * 4
        for n in range(8)
    ]
    altering = asyncio.create_task(source.change(*alters))

    async with await connect(SourceUrl.parse(source.url)) as connection:
        while not altering.done():
            tables = await read_tables(connection, Scope((source.database,)))
            assert [len(table.key_columns) for table in tables] == [1] * 8

    source.run(f"DROP DATABASE {source.database}")


async def test_a_key_that_no_statement_can_name_leaves_its_table_out(
    mariadb: Source, make_mariadb_road: RoadFactory
) -> None:
    mariadb.run(
        # MariaDB leaves the labels' bytes as they were, and takes rows by their numbers.
        "CREATE TABLE t (k ENUM('x', 'y') NOT NULL PRIMARY KEY)",
        "ALTER TABLE t CONVERT TO CHARACTER SET utf16",
        "INSERT INTO t VALUES (1)",
        "CREATE TABLE u (id INT PRIMARY KEY)",
        "INSERT INTO u VALUES (1)",
    )
    road = make_mariadb_road()

    await road.copy(is_empty=True)

    assert road.documents("u") == [{"_id": 1, "id": 1}]
    assert "not valid in its character set" in left_out(road)["t"]
