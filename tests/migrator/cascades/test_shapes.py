"""Whose rows a cascade reaches: every shape that foreign keys can have, every action."""

import pytest

from tests.migrator.cascades.conftest import SERVERS
from tests.migrator.cascades.equal import Row, landed
from tests.migrator.cascades.scene import CHILDREN, PARENTS, after
from tests.migrator.road import Road, Source

ACTIONS = {
    ("CASCADE", "delete"): [(20, 2)],
    ("SET NULL", "delete"): [(10, None), (20, 2)],
    ("CASCADE", "update"): [(10, 9), (20, 2)],
    ("SET NULL", "update"): [(10, None), (20, 2)],
}
CHANGES = {"delete": "DELETE FROM p WHERE id = 1", "update": "UPDATE p SET id = 9 WHERE id = 1"}


@pytest.mark.parametrize(("action", "change"), ACTIONS)
@pytest.mark.parametrize("source", SERVERS, indirect=True)
async def test_each_action_is_carried_out(
    source: Source, road: Road, action: str, change: str
) -> None:
    source.run(
        *PARENTS,
        "CREATE TABLE c (id INT PRIMARY KEY, f INT, FOREIGN KEY (f) REFERENCES p (id) "
        f"ON {change.upper()} {action})",
        "INSERT INTO c VALUES (10, 1), (20, 2)",
    )

    rows = await after(road, CHANGES[change])

    assert rows == ACTIONS[action, change]


async def test_a_cascade_goes_on_from_level_to_level(source: Source, road: Road) -> None:
    source.run(
        *PARENTS,
        *CHILDREN,
        "CREATE TABLE d (id INT PRIMARY KEY, f INT, FOREIGN KEY (f) REFERENCES c (id) "
        "ON DELETE CASCADE)",
        "CREATE TABLE e (id INT PRIMARY KEY, f INT, FOREIGN KEY (f) REFERENCES d (id) "
        "ON DELETE SET NULL)",
        "INSERT INTO d VALUES (100, 10), (200, 20), (201, 21)",
        "INSERT INTO e VALUES (1000, 100), (2000, 200), (2001, 201)",
    )

    rows = await after(road, "DELETE FROM p WHERE id = 2", table="e")

    assert rows == [(1000, 100), (2000, None), (2001, None)]
    assert landed(road, "d") == [(100, 10)]
    assert landed(road, "c") == [(10, 1), (30, 3), (40, None)]


async def test_a_composite_key_is_compared_as_a_whole_and_null_is_nobodys_child(
    source: Source, road: Road
) -> None:
    source.run(
        "CREATE TABLE p (a INT, b INT, PRIMARY KEY (a, b))",
        "CREATE TABLE c (id INT PRIMARY KEY, a INT, b INT, FOREIGN KEY (a, b) "
        "REFERENCES p (a, b) ON DELETE SET NULL ON UPDATE CASCADE)",
        "INSERT INTO p VALUES (1, 1), (1, 2), (2, 2)",
        "INSERT INTO c VALUES (1, 1, 1), (2, 1, 2), (3, NULL, 2), (4, 2, NULL), (5, 2, 2)",
    )

    rows = await after(
        road, "UPDATE p SET b = 7 WHERE a = 1 AND b = 1", "DELETE FROM p WHERE b = 2"
    )

    assert rows == [(1, 1, 7), (2, None, None), (3, None, 2), (4, 2, None), (5, None, None)]


@pytest.mark.parametrize("source", SERVERS, indirect=True)
async def test_a_table_may_refer_to_itself(source: Source, road: Road) -> None:
    source.run(
        "CREATE TABLE c (id INT PRIMARY KEY, f INT, "
        "FOREIGN KEY (f) REFERENCES c (id) ON DELETE CASCADE)",
        "INSERT INTO c VALUES (1, NULL)",
        "INSERT INTO c VALUES (2, 1), (3, 2), (4, 4), (5, 4), (6, NULL)",
    )

    # The rows 2 and 3 have no event of their own where the log hides cascades.
    rows = await after(road, "DELETE FROM c WHERE id IN (1, 2, 3)", "DELETE FROM c WHERE id = 4")

    assert rows == [(6, None)]


async def test_rows_that_refer_to_each_other_in_a_circle_all_go(source: Source, road: Road) -> None:
    source.run(
        "CREATE TABLE a (id INT PRIMARY KEY, f INT)",
        "CREATE TABLE c (id INT PRIMARY KEY, f INT, "
        "FOREIGN KEY (f) REFERENCES a (id) ON DELETE CASCADE)",
        "ALTER TABLE a ADD FOREIGN KEY (f) REFERENCES c (id) ON DELETE CASCADE",
        "INSERT INTO a VALUES (1, NULL), (2, NULL), (3, NULL)",
        "INSERT INTO c VALUES (1, 1), (2, 2), (3, 3)",
        "UPDATE a SET f = id % 2 + 1 WHERE id < 3",
    )

    rows = await after(road, "DELETE FROM a WHERE id = 1")

    assert rows == [(3, 3)]
    assert landed(road, "a") == [(3, None)]


async def test_the_referenced_key_need_not_be_the_primary_one(source: Source, road: Road) -> None:
    source.run(
        "CREATE TABLE p (id INT PRIMARY KEY, k VARBINARY(8), v INT, UNIQUE (k))",
        "CREATE TABLE c (id INT PRIMARY KEY, f VARBINARY(8), FOREIGN KEY (f) REFERENCES p (k) "
        "ON DELETE CASCADE ON UPDATE CASCADE)",
        "INSERT INTO p VALUES (1, 'a', 0), (2, 'b', 0), (3, 'c', 0)",
        "INSERT INTO c VALUES (10, 'a'), (20, 'b'), (30, 'c')",
    )

    rows = await after(
        road,
        "UPDATE p SET k = 'a\\0' WHERE id = 1",
        "UPDATE p SET v = 1",
        "UPDATE p SET id = 33 WHERE id = 3",
        "DELETE FROM p WHERE id = 2",
    )

    assert rows == [(10, b"a\0"), (30, b"c")]


async def test_the_identity_of_a_child_moves_when_its_key_holds_the_parents(
    source: Source, road: Road
) -> None:
    source.run(
        *PARENTS,
        "CREATE TABLE c (f INT, n INT, PRIMARY KEY (f, n), FOREIGN KEY (f) REFERENCES p (id) "
        "ON DELETE CASCADE ON UPDATE CASCADE)",
        "INSERT INTO c VALUES (1, 1), (1, 2), (2, 1), (3, 1)",
    )

    rows = await after(road, "UPDATE p SET id = 9 WHERE id = 1", "DELETE FROM p WHERE id = 2")

    assert rows == [(3, 1), (9, 1), (9, 2)]
    assert [one["_id"] for one in road.documents("c")] == [
        {"f": 3, "n": 1},
        {"f": 9, "n": 1},
        {"f": 9, "n": 2},
    ]


async def test_two_tables_may_be_joined_by_several_constraints(source: Source, road: Road) -> None:
    source.run(
        *PARENTS,
        "CREATE TABLE c (id INT PRIMARY KEY, f INT, g INT, "
        "FOREIGN KEY (f) REFERENCES p (id) ON DELETE CASCADE ON UPDATE CASCADE, "
        "FOREIGN KEY (g) REFERENCES p (id) ON DELETE SET NULL ON UPDATE CASCADE)",
        "INSERT INTO c VALUES (1, 1, 2), (2, 2, 1), (3, 3, 1), (4, 3, 2)",
    )

    rows = await after(road, "UPDATE p SET id = 9 WHERE id = 2", "DELETE FROM p WHERE id = 1")

    assert rows == [(2, 9, None), (3, 3, None), (4, 3, 9)]


NULL_FIRST, CASCADE_FIRST = [(1, None)], list[Row]()


@pytest.mark.parametrize(
    ("null", "cascade", "expected"),
    [
        ("B", "a", NULL_FIRST),
        ("k_10", "k_2", NULL_FIRST),
        ("z", "é", NULL_FIRST),
        ("k2", "k1", CASCADE_FIRST),
    ],
)
async def test_of_two_constraints_over_one_column_the_lesser_name_acts_first(
    source: Source, road: Road, null: str, cascade: str, expected: list[Row]
) -> None:
    # MySQL that logs cascades goes by the order of declaration.
    first, second = sorted(
        ((null, "SET NULL"), (cascade, "CASCADE")), key=lambda one: one[0].encode()
    )
    source.run(
        *PARENTS,
        "CREATE TABLE c (id INT PRIMARY KEY, f INT, "
        f"CONSTRAINT `{first[0]}` FOREIGN KEY (f) REFERENCES p (id) ON DELETE {first[1]}, "
        f"CONSTRAINT `{second[0]}` FOREIGN KEY (f) REFERENCES p (id) ON DELETE {second[1]})",
        "INSERT INTO c VALUES (1, 1)",
    )

    rows = await after(road, "DELETE FROM p WHERE id = 1")

    assert rows == expected


async def test_names_and_values_may_be_of_any_kind(source: Source, road: Road) -> None:
    source.run(
        "CREATE TABLE `پ p` (`$k` DECIMAL(30,2), `a.b` DATETIME(3), PRIMARY KEY (`$k`, `a.b`))",
        "CREATE TABLE `q``r` (id BIGINT UNSIGNED PRIMARY KEY, `$f` DECIMAL(30,2), "
        "`f.g` DATETIME(3), CONSTRAINT `x.$y``` FOREIGN KEY (`$f`, `f.g`) REFERENCES "
        "`پ p` (`$k`, `a.b`) ON DELETE CASCADE ON UPDATE SET NULL)",
        "INSERT INTO `پ p` VALUES (1.5, '2024-02-29 01:02:03.004'), (2.5, '2024-02-29 00:00:00')",
        "INSERT INTO `q``r` VALUES (18446744073709551615, 1.5, '2024-02-29 01:02:03.004')",
        "INSERT INTO `q``r` VALUES (1, 2.5, '2024-02-29 00:00:00')",
    )

    rows = await after(
        road,
        "UPDATE `پ p` SET `$k` = 3 WHERE `$k` = 2.5",
        "DELETE FROM `پ p` WHERE `$k` = 1.5",
        table="q`r",
    )

    assert rows == [(1, None, None)]
