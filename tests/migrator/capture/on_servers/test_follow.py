"""Copy and follow, from each kind of source."""

import asyncio

import pytest

from migrator.capture.session import capture
from migrator.errors import ConfigurationError, Fenced, UnsupportedChange
from tests.migrator.conftest import RoadFactory
from tests.migrator.road import Road, Source


async def test_what_is_there_is_copied_and_what_changes_follows(source: Source, road: Road) -> None:
    source.run(
        "CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(20))",
        "INSERT INTO t VALUES (1, 'one'), (2, 'two'), (3, 'three')",
    )

    async with road.going():
        await road.settled()
        source.run(
            "INSERT INTO t VALUES (4, 'four')",
            "UPDATE t SET name = 'zwei' WHERE id = 2",
            "DELETE FROM t WHERE id = 3",
            "UPDATE t SET id = 5 WHERE id = 1",
        )
        await road.settled()

    assert road.documents("t") == [
        {"_id": 2, "id": 2, "name": "zwei"},
        {"_id": 4, "id": 4, "name": "four"},
        {"_id": 5, "id": 5, "name": "one"},
    ]
    assert road.dead_letters() == []


async def test_what_changes_while_nobody_looks_is_there_after_the_next_start(
    source: Source, road: Road
) -> None:
    source.run("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1), (2)")
    await road.copy()

    source.run("DELETE FROM t WHERE id = 1", "INSERT INTO t VALUES (3)")
    await road.copy()

    assert [one["_id"] for one in road.documents("t")] == [2, 3]


async def test_a_table_in_many_chunks_is_copied_beside_its_changes(
    source: Source, make_road: RoadFactory
) -> None:
    road = make_road(chunk_rows=50, batch_rows_max=20)
    source.run(
        "CREATE TABLE t (a INT, b VARCHAR(8), v INT, PRIMARY KEY (b, a))",
        "INSERT INTO t VALUES " + ", ".join(f"({n}, 'k{n % 7}', 0)" for n in range(1_000)),
    )

    async with road.going():
        for n in range(0, 1_000, 50):
            changed = ", ".join(str(a) for a in range(n, n + 50, 10))
            deleted = ", ".join(str(a) for a in range(n + 1, n + 51, 10))
            await source.change(
                f"UPDATE t SET v = a WHERE a IN ({changed})",
                f"DELETE FROM t WHERE a IN ({deleted})",
            )
        await road.settled()

    rows = source.rows(f"SELECT a, b, v FROM {source.database}.t ORDER BY b, a")
    expected = [{"_id": {"b": b, "a": a}, "a": a, "b": b, "v": v} for a, b, v in rows]
    assert road.documents("t") == expected
    assert len(expected) == 900


async def test_keys_are_ordered_by_the_server(source: Source, make_road: RoadFactory) -> None:
    road = make_road(chunk_rows=2)
    names = ["q", "B", "c", "Ä", "z", "ß", "x", "É", "10", "9", "_", " x"]
    values = ", ".join(f"('{name}')" for name in names)
    source.run(
        "CREATE TABLE t (name VARCHAR(9) CHARACTER SET latin1 COLLATE latin1_german1_ci "
        "PRIMARY KEY)",
        f"INSERT INTO t VALUES {values}",
        "CREATE TABLE e (kind ENUM('z', 'm', 'a') PRIMARY KEY, n INT)",
        "INSERT INTO e VALUES ('z', 1), ('m', 2), ('a', 3)",
        "CREATE TABLE d (day DATE, at DATETIME(6), raw BINARY(4), PRIMARY KEY (day, at, raw))",
        "INSERT INTO d VALUES ('2020-01-01', '2020-01-01 10:00:00.000001', 'b'),"
        "('2020-01-01', '2020-01-01 10:00:00.000001', 'a'),"
        "('2020-01-01', '2020-01-01 10:00:00.000002', 'a'),"
        "('1999-12-31', '2020-01-01 10:00:00.000002', '')",
        "CREATE TABLE u (id BIGINT UNSIGNED PRIMARY KEY)",
        "INSERT INTO u VALUES (0), (9223372036854775807), (9223372036854775808), "
        "(18446744073709551615)",
    )

    await road.copy()

    assert sorted(one["_id"] for one in road.documents("t")) == sorted(names)
    assert [(one["_id"], one["n"]) for one in road.documents("e")] == [("a", 3), ("m", 2), ("z", 1)]
    assert len(road.documents("d")) == 4
    assert len(road.documents("u")) == 4


async def test_several_databases_patterns_and_names(source: Source, make_road: RoadFactory) -> None:
    other = Source(source.url)
    target = f"{source.database}_target"
    road = make_road(
        include=(f"{other.database}.in_*",),
        exclude=(f"{source.database}.*_tmp",),
        mapping={source.database: target},
    )
    for one, name in ((source, "t"), (source, "x_tmp"), (other, "in_a"), (other, "outside")):
        one.run(f"CREATE TABLE {name} (id INT PRIMARY KEY)", f"INSERT INTO {name} VALUES (1)")

    async with road.going():
        await road.settled()
        for one, name in ((source, "t"), (source, "x_tmp"), (other, "in_a"), (other, "outside")):
            one.run(f"INSERT INTO {name} VALUES (2)")
        await road.settled()

    both = [{"_id": 1, "id": 1}, {"_id": 2, "id": 2}]
    assert road.documents("t", target) == both
    assert road.documents("in_a", other.database) == both
    assert road.client[target].list_collection_names() == ["t"]
    assert road.client[other.database].list_collection_names() == ["in_a"]
    other.run(f"DROP DATABASE {other.database}")
    road.client.drop_database(other.database)


async def test_with_partitions_each_table_keeps_its_order(
    source: Source, make_road: RoadFactory
) -> None:
    road = make_road(partitions=3)
    tables = [f"t{number}" for number in range(6)]
    for name in tables:
        source.run(f"CREATE TABLE {name} (id INT PRIMARY KEY, v INT)")

    for turn in range(3):
        async with road.going():
            for v in range(10):
                changes = [
                    (
                        f"REPLACE INTO {name} VALUES ({v}, {turn})",
                        f"UPDATE {name} SET v = v + {v} WHERE id = {v}",
                    )
                    for name in tables
                ]
                await source.change(*(statement for pair in changes for statement in pair))
            await road.settled()

    for name in tables:
        assert [(one["_id"], one["v"]) for one in road.documents(name)] == [
            (v, 2 + v) for v in range(10)
        ]


async def test_a_table_without_a_key_is_refused_before_anything_starts(
    source: Source, road: Road
) -> None:
    source.run("CREATE TABLE good (id INT PRIMARY KEY)", "CREATE TABLE bad (id INT, UNIQUE (id))")

    with pytest.raises(ConfigurationError, match=rf"{source.database}\.bad"):
        await capture(road.settings)

    assert road.client[road.state].list_collection_names() == []


async def test_a_not_null_unique_key_stands_in_for_a_primary_key(
    source: Source, road: Road
) -> None:
    source.run(
        "CREATE TABLE t (a INT, b INT NOT NULL, c INT NOT NULL, UNIQUE (a), UNIQUE (b, c))",
        "INSERT INTO t VALUES (1, 1, 1), (2, 1, 2)",
    )

    async with road.going():
        await road.settled()
        source.run("UPDATE t SET a = 9 WHERE c = 2", "DELETE FROM t WHERE a = 1")
        await road.settled()

    assert road.documents("t") == [{"_id": {"b": 1, "c": 2}, "a": 9, "b": 1, "c": 2}]


async def test_a_statement_instead_of_rows_stops_the_run_and_is_named(
    source: Source, road: Road
) -> None:
    source.run("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 1)")
    await road.copy()

    source.run("SET SESSION binlog_format = STATEMENT", "UPDATE t SET v = 2")
    with pytest.raises(UnsupportedChange, match=r"\(UPDATE t \.\.\.\)"):
        await capture(road.settings)

    assert road.documents("t") == [{"_id": 1, "id": 1, "v": 1}]


async def test_another_capture_of_the_same_migration_ends_the_first(
    source: Source, road: Road
) -> None:
    source.run("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    await road.copy()

    first = asyncio.create_task(capture(road.settings))
    await asyncio.sleep(1)
    second = asyncio.create_task(capture(road.settings))
    with pytest.raises(Fenced, match="Another capture process"):
        await first
    second.cancel()
    await asyncio.gather(second, return_exceptions=True)
