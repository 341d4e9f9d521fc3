"""Changes before a cascade take effect before it, changes after it after it."""

import pytest

from tests.migrator.cascades.equal import landed
from tests.migrator.cascades.scene import CHILDREN, PARENTS, after
from tests.migrator.conftest import RoadFactory
from tests.migrator.road import Road, Source

MANY = 30_000
TEN = " UNION ALL ".join(f"SELECT {n} n" for n in range(10))


async def test_a_child_changes_before_and_after_the_cascade_of_its_transaction(
    source: Source, road: Road
) -> None:
    source.run(*PARENTS, *CHILDREN)

    rows = await after(
        road,
        "BEGIN",
        "UPDATE c SET f = 1 WHERE id = 20",  # It goes with parent 1.
        "UPDATE c SET f = 3 WHERE id = 10",  # It has left parent 1.
        "INSERT INTO c VALUES (11, 1)",
        "DELETE FROM p WHERE id = 1",
        "INSERT INTO c VALUES (11, 2)",
        "UPDATE p SET id = 9 WHERE id = 3",
        "UPDATE c SET f = 2 WHERE id = 30",
        "COMMIT",
    )

    assert rows == [(10, 9), (11, 2), (21, 2), (30, 2), (40, None)]


async def test_an_equal_parent_may_come_again_in_the_same_transaction(
    source: Source, road: Road
) -> None:
    source.run(*PARENTS, *CHILDREN)

    rows = await after(
        road,
        "BEGIN",
        "DELETE FROM p WHERE id = 2",
        "INSERT INTO p VALUES (2)",
        "INSERT INTO c VALUES (20, 2), (22, 2)",
        "COMMIT",
    )

    assert rows == [(10, 1), (20, 2), (22, 2), (30, 3), (40, None)]


@pytest.mark.parametrize("transaction", [True, False])
async def test_keys_that_move_onto_each_others_places_keep_their_children(
    source: Source, road: Road, transaction: bool
) -> None:
    source.run(*PARENTS, *CHILDREN)
    begin, commit = ("BEGIN", "COMMIT") if transaction else ("DO 1", "DO 1")

    rows = await after(
        road,
        begin,
        "UPDATE p SET id = 9 WHERE id = 1",
        "UPDATE p SET id = 1 WHERE id = 2",
        "UPDATE p SET id = 2 WHERE id = 9",
        commit,
    )

    assert rows == [(10, 2), (20, 1), (21, 1), (30, 3), (40, None)]


async def test_each_row_of_one_statement_cascades_before_the_next_row(
    source: Source, road: Road
) -> None:
    source.run(*PARENTS, *CHILDREN)

    rows = await after(road, "UPDATE p SET id = id + 1 ORDER BY id DESC")

    assert rows == [(10, 2), (20, 3), (21, 3), (30, 4), (40, None)]


async def test_one_statement_deletes_parents_and_children(source: Source, road: Road) -> None:
    source.run(*PARENTS, *CHILDREN)

    rows = await after(
        road,
        "DELETE p, c FROM p JOIN c ON c.f = p.id WHERE p.id = 2",
        "DELETE c, p FROM p LEFT JOIN c ON c.f = p.id WHERE p.id = 1",
    )

    assert rows == [(30, 3), (40, None)]


async def test_replace_takes_the_children_along_and_a_duplicate_key_moves_them(
    source: Source, road: Road
) -> None:
    source.run(
        "CREATE TABLE p (id INT PRIMARY KEY, k INT, UNIQUE (k))",
        "INSERT INTO p VALUES (1, 1), (2, 2), (3, 3)",
        *CHILDREN,
    )

    rows = await after(
        road,
        "REPLACE INTO p VALUES (5, 2)",
        "INSERT INTO p VALUES (1, 1) ON DUPLICATE KEY UPDATE id = 50",
    )

    assert rows == [(10, 50), (30, 3), (40, None)]


async def test_what_is_rolled_back_has_no_cascade(source: Source, road: Road) -> None:
    source.run(*PARENTS, *CHILDREN)

    rows = await after(
        road,
        "BEGIN",
        "DELETE FROM p WHERE id = 1",
        "SAVEPOINT s",
        "DELETE FROM p WHERE id = 2",
        "ROLLBACK TO s",
        "UPDATE p SET id = 9 WHERE id = 2",
        "COMMIT",
        "BEGIN",
        "DELETE FROM p",
        "ROLLBACK",
    )

    assert rows == [(20, 9), (21, 9), (30, 3), (40, None)]


async def test_a_distributed_transaction_cascades_when_it_is_committed(
    source: Source, road: Road
) -> None:
    source.run(*PARENTS, *CHILDREN)
    kept, undone = f"'{source.database}-1'", f"'{source.database}-2'"

    async with road.going():
        await road.settled()
        await source.change(
            f"XA START {kept}",
            "DELETE FROM p WHERE id = 1",
            "UPDATE p SET id = 9 WHERE id = 2",
            f"XA END {kept}",
            f"XA PREPARE {kept}",
        )
        await road.settled()
        prepared = landed(road, "c")
        await source.change(f"XA COMMIT {kept}")
        await source.change(
            f"XA START {undone}",
            "DELETE FROM p WHERE id = 3",
            f"XA END {undone}",
            f"XA PREPARE {undone}",
            f"XA ROLLBACK {undone}",
        )
        await road.settled()

    assert prepared == [(10, 1), (20, 2), (21, 2), (30, 3), (40, None)]
    assert landed(road, "c") == [(20, 9), (21, 9), (30, 3), (40, None)]


@pytest.mark.parametrize("change", ["DELETE FROM p WHERE id = 1", "UPDATE p SET id = 9"])
async def test_a_cascade_over_many_children_is_whole(
    source: Source, make_road: RoadFactory, change: str
) -> None:
    source.run(
        "CREATE TABLE p (id INT PRIMARY KEY)",
        "CREATE TABLE c (id INT PRIMARY KEY, f INT, FOREIGN KEY (f) REFERENCES p (id) "
        "ON DELETE CASCADE ON UPDATE CASCADE)",
        "INSERT INTO p VALUES (1)",
        "INSERT INTO c SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n, 1 FROM "
        + ", ".join(f"({TEN}) {name}" for name in "abcde")
        + f" WHERE e.n < {MANY // 10_000}",
    )
    road = make_road()

    async with road.going():
        await road.settled()
        await source.change("BEGIN", change, "INSERT INTO p VALUES (2)", "COMMIT")
        await road.settled()

    children = road.client[source.database].c
    moved = MANY if change.startswith("UPDATE") else 0
    assert children.count_documents({}) == children.count_documents({"f": 9}) == moved
    assert [one["_id"] for one in road.documents("p")] == ([2, 9] if moved else [2])
