"""What stands around a cascade: flags, scope, row images, dead letters, definitions, partitions."""

import asyncio

import pytest

from migrator.errors import MigratorError
from tests.migrator.cascades.conftest import SERVERS
from tests.migrator.cascades.equal import landed
from tests.migrator.cascades.scene import CHILDREN, PARENTS, after
from tests.migrator.conftest import RoadFactory
from tests.migrator.road import POLL_S, Road, Source

COPIED = 20
REFUSED = "REPEAT('x', 17000000)"
GRANDCHILDREN = (
    "CREATE TABLE d (id INT PRIMARY KEY, f INT, FOREIGN KEY (f) REFERENCES c (id) "
    "ON DELETE CASCADE)",
    "INSERT INTO d VALUES (100, 10), (200, 20), (300, 30)",
)
RULE = "FOREIGN KEY (f) REFERENCES p (id) ON DELETE CASCADE ON UPDATE CASCADE"


@pytest.mark.parametrize("source", SERVERS, indirect=True)
async def test_without_checks_of_foreign_keys_there_is_no_cascade(
    source: Source, road: Road
) -> None:
    source.run(*PARENTS, *CHILDREN)

    rows = await after(
        road,
        "SET foreign_key_checks = 0",
        "DELETE FROM p WHERE id = 1",
        "UPDATE p SET id = 9 WHERE id = 2",
        "SET foreign_key_checks = 1",
        "DELETE FROM p WHERE id = 3",
    )

    assert rows == [(10, 1), (20, 2), (21, 2), (40, None)]


@pytest.mark.parametrize("change", ["DELETE FROM p WHERE id = 2", "UPDATE p SET id = 9 WHERE id=2"])
async def test_a_parent_that_is_excluded_is_followed_for_its_children(
    source: Source, make_road: RoadFactory, change: str
) -> None:
    source.run(*PARENTS, *CHILDREN)
    road = make_road(exclude=(f"{source.database}.p",))

    rows = await after(road, change)

    moved = [(20, 9), (21, 9)] if change.startswith("UPDATE") else []
    assert rows == [(10, 1), *moved, (30, 3), (40, None)]
    assert "p" not in road.client[source.database].list_collection_names()


async def test_a_cascade_through_a_table_that_is_excluded_stops_capture(
    source: Source, make_road: RoadFactory
) -> None:
    source.run(*PARENTS, *CHILDREN, *GRANDCHILDREN)
    road = make_road(exclude=(f"{source.database}.c",))

    with pytest.raises(MigratorError, match=r"not migrated"):
        await after(road, "DELETE FROM p WHERE id = 1")

    assert landed(road, "d") == [(100, 10), (200, 20), (300, 30)]


async def test_dead_letters_of_children_move_and_go_with_their_parents(
    source: Source, make_road: RoadFactory
) -> None:
    source.run(
        "SET sql_mode = ''",
        *PARENTS,
        f"CREATE TABLE c (id INT PRIMARY KEY, f INT, d DATE, {RULE})",
        "INSERT INTO c VALUES (10, 1, 0), (20, 2, 0), (21, 2, '2024-02-29'), (30, 3, 0)",
    )
    road = make_road(zero_dates="refuse")

    async with road.going():
        await road.settled()
        await source.change("DELETE FROM p WHERE id = 2", "UPDATE p SET id = 9 WHERE id = 3")
        await road.settled()
        letters = road.dead_letters()
        await source.change("DELETE FROM p WHERE id = 9")
        await road.settled()

    assert sorted(one["key"] for one in letters) == [10, 30]
    assert [one["key"] for one in road.dead_letters()] == [10]
    assert landed(road, "c") == []


async def test_a_dead_letter_that_holds_no_values_goes_with_its_parent(
    source: Source, road: Road
) -> None:
    source.run(
        *PARENTS,
        f"CREATE TABLE c (id INT PRIMARY KEY, f INT, b LONGBLOB, {RULE})",
        f"INSERT INTO c VALUES (10, 1, {REFUSED}), (20, 2, {REFUSED})",
    )

    async with road.going():
        await road.settled()
        await source.change("DELETE FROM p WHERE id = 2")
        await road.settled()

    assert [one["key"] for one in road.dead_letters()] == [10]


@pytest.mark.parametrize("image", ["MINIMAL", "NOBLOB"])
async def test_images_that_show_keys_only_cascade_all_the_same(
    source: Source, road: Road, image: str
) -> None:
    source.run(*PARENTS, *CHILDREN)

    rows = await after(
        road,
        f"SET SESSION binlog_row_image = {image}",
        "BEGIN",
        "UPDATE c SET f = 1 WHERE id = 30",
        "UPDATE p SET id = 9 WHERE id = 1",
        "DELETE FROM p WHERE id = 2",
        "COMMIT",
    )

    assert rows == [(10, 9), (30, 9), (40, None)]


@pytest.mark.parametrize("image", ["MINIMAL", "NOBLOB"])
async def test_images_may_hide_the_value_that_is_referenced(
    source: Source, road: Road, image: str
) -> None:
    source.run(
        "CREATE TABLE p (id INT PRIMARY KEY, k INT, UNIQUE (k))",
        "CREATE TABLE c (id INT PRIMARY KEY, f INT, FOREIGN KEY (f) REFERENCES p (k) "
        "ON DELETE CASCADE ON UPDATE CASCADE)",
        "INSERT INTO p VALUES (1, 1), (2, 2), (3, 3)",
        "INSERT INTO c VALUES (10, 1), (20, 2), (30, 3)",
    )

    rows = await after(
        road,
        f"SET SESSION binlog_row_image = {image}",
        "UPDATE p SET k = 9 WHERE id = 1",
        "DELETE FROM p WHERE id = 2",
    )

    assert rows == [(10, 9), (30, 3)]


async def test_a_constraint_counts_from_its_place_in_the_log(source: Source, road: Road) -> None:
    source.run(*PARENTS, *CHILDREN, "ALTER TABLE c DROP FOREIGN KEY c_p")

    rows = await after(
        road,
        "DELETE FROM p WHERE id = 1",  # No constraint: the child stays.
        "DELETE FROM c WHERE id = 10",
        f"ALTER TABLE c ADD CONSTRAINT late {RULE}",
        "UPDATE p SET id = 9 WHERE id = 2",
        "ALTER TABLE c DROP FOREIGN KEY late",
        "DELETE FROM p WHERE id = 9",
        "DELETE FROM p WHERE id = 3",
    )

    assert rows == [(20, 9), (21, 9), (30, 3), (40, None)]


RENAMED = (
    "RENAME TABLE p TO parents, c TO children",
    "DELETE FROM parents WHERE id = 1",
    "ALTER TABLE parents RENAME COLUMN id TO number",
    "UPDATE parents SET number = 9 WHERE number = 2",
)


async def test_a_constraint_goes_on_when_its_tables_get_other_names(
    source: Source, road: Road
) -> None:
    source.run(*PARENTS, *CHILDREN)

    async with road.going():
        for change in RENAMED:
            await road.settled()
            await source.change(change)
        await road.settled()

    assert landed(road, "children") == [(20, 9), (21, 9), (30, 3), (40, None)]


async def test_a_constraint_goes_on_when_names_change_faster_than_they_are_read(
    source: Source, road: Road
) -> None:
    source.run(*PARENTS, *CHILDREN)

    rows = await after(road, *RENAMED, table="children")

    assert rows == [(20, 9), (21, 9), (30, 3), (40, None)]


async def test_a_table_that_is_made_later_has_cascades_too(source: Source, road: Road) -> None:
    source.run(*PARENTS)

    rows = await after(
        road, *CHILDREN, "DELETE FROM p WHERE id = 1", "UPDATE p SET id = 9 WHERE id = 2"
    )

    assert rows == [(20, 9), (21, 9), (30, 3), (40, None)]


async def test_tables_that_constraints_join_keep_their_order_with_several_partitions(
    source: Source, make_road: RoadFactory
) -> None:
    source.run(*PARENTS, *CHILDREN, *GRANDCHILDREN)
    road = make_road(partitions=3)

    rows = await after(
        road,
        *(f"UPDATE p SET id = {one} WHERE id = {other}" for one, other in ((9, 1), (1, 2), (2, 9))),
        "DELETE FROM p WHERE id = 2",
        "INSERT INTO p VALUES (2)",
        "INSERT INTO c VALUES (10, 2)",
        table="d",
    )

    assert rows == [(200, 20), (300, 30)]
    assert landed(road, "c") == [(10, 2), (20, 1), (21, 1), (30, 3), (40, None)]


async def test_a_cascade_while_the_children_are_copied_reaches_them(
    source: Source, make_road: RoadFactory
) -> None:
    source.run(
        *PARENTS,
        *CHILDREN,
        *(f"INSERT INTO c VALUES ({n}, {n % 3 + 1})" for n in range(100, 400)),
    )
    road = make_road(chunk_rows=2)
    children = road.client[source.database].c

    async with road.going():
        while children.estimated_document_count() < COPIED:
            await asyncio.sleep(POLL_S)
        await source.change("UPDATE p SET id = 9 WHERE id = 1", "DELETE FROM p WHERE id = 2")
        await road.settled()

    assert landed(road, "c") == source.rows(f"SELECT * FROM {source.database}.c ORDER BY id")
    assert {parent for _, parent in landed(road, "c")} == {3, 9, None}


async def test_equal_spellings_are_children_too(source: Source, road: Road) -> None:
    text = "VARCHAR(9) COLLATE utf8mb4_general_ci"
    source.run(
        f"CREATE TABLE p (k {text} PRIMARY KEY)",
        f"CREATE TABLE c (id INT PRIMARY KEY, f {text}, FOREIGN KEY (f) REFERENCES p (k) "
        "ON DELETE CASCADE ON UPDATE CASCADE)",
        "INSERT INTO p VALUES ('abc'), ('e'), ('x')",
        "INSERT INTO c VALUES (1, 'abc'), (2, 'ABC'), (3, 'abc '), (4, 'é'), (5, 'x')",
    )

    rows = await after(road, "UPDATE p SET k = 'new' WHERE k = 'abc'", "DELETE FROM p WHERE k='e'")

    assert rows == [(1, "new"), (2, "new"), (3, "new"), (5, "x")]


async def test_a_virtual_column_follows_the_column_from_which_it_is_computed(
    source: Source, road: Road
) -> None:
    source.run(
        *PARENTS,
        f"CREATE TABLE c (id INT PRIMARY KEY, f INT, n INT AS (f + 1) VIRTUAL, {RULE})",
        "INSERT INTO c (id, f) VALUES (10, 1), (20, 2)",
    )

    rows = await after(road, "UPDATE p SET id = 9 WHERE id = 1")

    assert rows == [(10, 9, 10), (20, 2, 3)]
