"""One owner for every rule, at every time: keys, hidden columns, newcomers, what may be read."""

import pytest

from migrator.errors import ConfigurationError
from tests.migrator.conftest import RoadFactory
from tests.migrator.faults.scene import BEFORE, left_out
from tests.migrator.road import Road, Source
from tests.migrator.twin import differences


async def test_copy_and_stream_take_the_key_that_the_server_takes(
    source: Source, road: Road
) -> None:
    source.run(
        "CREATE TABLE t (a INT NOT NULL, b INT NOT NULL, v INT, UNIQUE KEY zz (a), "
        "UNIQUE KEY kb (b))",
        "CREATE TABLE u (a INT NOT NULL, b INT NOT NULL, c INT NOT NULL, v INT, "
        "UNIQUE KEY ab (a, b), UNIQUE KEY cc (c))",
        "INSERT INTO t VALUES (1, 100, 1), (2, 200, 2)",
        "INSERT INTO u VALUES (1, 1, 100, 1), (2, 2, 200, 2)",
    )

    async with road.going():
        await road.settled()
        for table, values in ("t", "3, 300, 3"), ("u", "3, 3, 300, 3"):
            await source.change(
                f"UPDATE {table} SET v = 9 WHERE a = 1",
                f"DELETE FROM {table} WHERE a = 2",
                f"INSERT INTO {table} VALUES ({values})",
            )
        await road.settled()

    assert [(one["_id"], one["v"]) for one in road.documents("t")] == [(1, 9), (3, 3)]
    assert [one["_id"] for one in road.documents("u")] == [{"a": 1, "b": 1}, {"a": 3, "b": 3}]
    assert await differences(road) == []


async def test_an_invisible_index_is_no_key(mysql: Source, make_mysql_road: RoadFactory) -> None:
    road = make_mysql_road()
    mysql.run(
        "CREATE TABLE t (a INT NOT NULL, b INT NOT NULL, UNIQUE KEY zz (b), UNIQUE KEY aa (a))",
        "INSERT INTO t VALUES (1, 10)",
        "ALTER TABLE t ALTER INDEX aa INVISIBLE",
    )

    await road.copy()

    assert [one["_id"] for one in road.documents("t")] == [10]


async def test_a_key_that_the_server_made_and_hides_is_one(
    mysql: Source, make_mysql_road: RoadFactory
) -> None:
    road = make_mysql_road()
    mysql.run(
        "SET SESSION sql_generate_invisible_primary_key = ON",
        "CREATE TABLE t (v INT)",
        "INSERT INTO t VALUES (7)",
    )
    mysql.run("SET GLOBAL show_gipk_in_create_table_and_information_schema = OFF")
    try:
        async with road.going():
            await road.settled()
            await mysql.change("INSERT INTO t VALUES (8)")
            await road.settled()
    finally:
        mysql.run("SET GLOBAL show_gipk_in_create_table_and_information_schema = ON")

    assert [(one["_id"], one["v"]) for one in road.documents("t")] == [(1, 7), (2, 8)]


async def test_a_column_that_only_the_log_shows_is_none(
    mariadb: Source, make_mariadb_road: RoadFactory
) -> None:
    road = make_mariadb_road()
    mariadb.run(
        "CREATE TABLE t (id INT PRIMARY KEY, b TEXT, UNIQUE KEY (b))",
        "CREATE TABLE n (a INT NOT NULL, b TEXT NOT NULL, UNIQUE KEY kb (b), UNIQUE KEY ka (a))",
        "CREATE TABLE own (id INT PRIMARY KEY, DB_ROW_HASH_1 INT)",
        "INSERT INTO t VALUES (1, 'a')",
    )

    async with road.going():
        await road.settled()
        await mariadb.change(
            "INSERT INTO t VALUES (2, 'c'), (3, NULL)",
            "UPDATE t SET b = 'd' WHERE id = 1",
            "INSERT INTO n VALUES (1, 'x')",
            "INSERT INTO own VALUES (1, 5)",
            "SET SESSION binlog_row_image = MINIMAL",
            "UPDATE t SET b = 'e' WHERE id = 2",
        )
        await road.settled()

    assert road.documents("t")[0] == {"_id": 1, "id": 1, "b": "d"}
    assert road.documents("own") == [{"_id": 1, "id": 1, "DB_ROW_HASH_1": 5}]
    assert await differences(road) == []


NEWCOMERS = {
    "without a key": ("CREATE TABLE backup AS SELECT * FROM t", "backup", "primary key"),
    "with a name that MongoDB forbids": (
        "CREATE TABLE `a$b` (i INT PRIMARY KEY)",
        "a$b",
        "forbids",
    ),
    "with dots that drivers refuse": ("CREATE TABLE `a..b` (i INT PRIMARY KEY)", "a..b", "forbids"),
    "named like the system's": (
        "CREATE TABLE `system.users` (id INT PRIMARY KEY)",
        "system.users",
        "forbids",
    ),
    "with a floating key": ("CREATE TABLE fk (d DOUBLE PRIMARY KEY)", "fk", "floating"),
    "with an _id of its own": ("CREATE TABLE i (id INT PRIMARY KEY, _id INT)", "i", "_id"),
}


@pytest.mark.parametrize(("made", "name", "reason"), NEWCOMERS.values(), ids=NEWCOMERS.keys())
async def test_a_newcomer_that_cannot_be_carried_over_stops_no_other(
    source: Source, road: Road, made: str, name: str, reason: str
) -> None:
    source.run(*BEFORE)

    async with road.going():
        await road.settled()
        await source.change(made, "UPDATE t SET v = 2")
        await road.settled()
        column = source.rows(
            f"SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_NAME = '{name}' "
            f"AND TABLE_SCHEMA = '{source.database}' AND ORDINAL_POSITION = 1"
        )[0][0]
        await source.change(f"INSERT INTO `{name}` ({column}) VALUES (5)", "UPDATE t SET v = 3")
        await road.settled()
    source.run("UPDATE t SET v = 4")
    await road.copy()

    assert road.documents("t") == [{"_id": 1, "id": 1, "v": 4}]
    assert reason in left_out(road)[name]
    assert name not in road.client[source.database].list_collection_names()


async def test_a_newcomer_that_cannot_be_read_stops_no_other(source: Source, road: Road) -> None:
    source.run(*BEFORE)
    await road.copy()

    source.run(
        "CREATE TABLE part (id INT PRIMARY KEY) ENGINE = MyISAM",
        "CREATE TABLE merged (id INT PRIMARY KEY) ENGINE = MERGE UNION = (part)",
        "ALTER TABLE part ADD v INT",
        "UPDATE t SET v = 2",
    )
    await road.copy()

    assert [one["v"] for one in road.documents("t")] == [2]
    assert "It cannot be read." in left_out(road)["merged"]


async def test_a_table_that_was_left_out_joins_when_it_is_mended(
    source: Source, road: Road
) -> None:
    source.run(*BEFORE)

    async with road.going():
        await road.settled()
        await source.change("CREATE TABLE late (id INT NOT NULL)", "INSERT INTO late VALUES (1)")
        await road.settled()
        before = left_out(road)
        await source.change("ALTER TABLE late ADD PRIMARY KEY (id)", "INSERT INTO late VALUES (2)")
        await road.settled()

    assert list(before) == ["late"]
    assert left_out(road) == {}
    assert [one["_id"] for one in road.documents("late")] == [1, 2]


async def test_versions_of_rows_that_are_kept_from_now_on_are_not_followed(
    mariadb: Source, make_mariadb_road: RoadFactory
) -> None:
    road = make_mariadb_road()
    mariadb.run(
        *BEFORE, "CREATE TABLE u (id INT PRIMARY KEY, v INT)", "INSERT INTO u VALUES (1, 1)"
    )

    async with road.going():
        await road.settled()
        await mariadb.change(
            "ALTER TABLE t ADD SYSTEM VERSIONING",
            "UPDATE t SET v = 9",
            "CREATE TABLE s (id INT PRIMARY KEY) WITH SYSTEM VERSIONING",
            "INSERT INTO s VALUES (1)",
            "UPDATE u SET v = 5",
        )
        await road.settled()

    assert sorted(left_out(road)) == ["s", "t"]
    assert "SYSTEM VERSIONED" in left_out(road)["t"]
    assert [one["v"] for one in road.documents("u")] == [5]
    assert [one["v"] for one in road.documents("t")] == [1]


async def test_the_last_table_may_go_while_nobody_looks(source: Source, road: Road) -> None:
    source.run(*BEFORE)
    await road.copy()

    source.run("DROP TABLE t")
    await road.copy(is_empty=True)
    gone = road.documents("t")
    source.run("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (5)")
    await road.copy()

    assert gone == []
    assert road.documents("t") == [{"_id": 5, "id": 5}]


async def test_a_database_that_is_dropped_and_made_again_holds_what_came_afterwards(
    source: Source, road: Road
) -> None:
    source.run(*BEFORE, "CREATE TABLE u (id INT PRIMARY KEY)", "INSERT INTO u VALUES (1)")
    name = source.database

    async with road.going():
        await road.settled()
        await source.change(
            f"DROP DATABASE {name}",
            f"CREATE DATABASE {name}",
            f"USE {name}",
            "CREATE TABLE t (id INT PRIMARY KEY, v INT)",
            "INSERT INTO t VALUES (2, 2)",
        )
        await road.settled()

    assert road.documents("t") == [{"_id": 2, "id": 2, "v": 2}]
    assert road.documents("u") == []


async def test_an_empty_database_is_followed_from_its_first_table_on(
    source: Source, road: Road
) -> None:
    async with road.going():
        await road.settled(is_empty=True)
        await source.change(*BEFORE)
        await road.settled()

    assert [one["_id"] for one in road.documents("t")] == [1]


async def test_two_databases_in_one_do_not_mix_tables(
    source: Source, make_road: RoadFactory
) -> None:
    second = f"{source.database}_b"
    source.run(
        *BEFORE, f"CREATE DATABASE {second}", f"CREATE TABLE {second}.u (id INT PRIMARY KEY)"
    )
    both = (source.database, second)
    road = make_road(databases=both, mapping=dict.fromkeys(both, source.database))

    async with road.going():
        await road.settled()
        await source.change(
            f"CREATE TABLE {second}.t (id INT PRIMARY KEY)",
            f"INSERT INTO {second}.t VALUES (77)",
            "UPDATE t SET v = 6",
        )
        await road.settled()
        await source.change(f"TRUNCATE TABLE {second}.t", f"DROP TABLE {second}.t")
        await road.settled()

    assert road.documents("t") == [{"_id": 1, "id": 1, "v": 6}]


async def test_a_state_of_another_kind_of_server_is_refused(
    mysql: Source, mariadb: Source, make_mysql_road: RoadFactory
) -> None:
    mysql.run(*BEFORE)
    road = make_mysql_road()
    await road.copy()
    other = make_mysql_road(source_url=mariadb.url, databases=(mariadb.database,))

    with pytest.raises(ConfigurationError, match="begun at a MySQL server"):
        await other.copy()

    mariadb.run(f"DROP DATABASE {mariadb.database}")
