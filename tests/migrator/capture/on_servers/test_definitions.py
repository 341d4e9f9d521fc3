"""Tables that are altered, emptied, dropped, renamed and made while the stream goes on."""

import pytest

from tests.migrator.conftest import RoadFactory
from tests.migrator.road import Road, Source

ALTERS = {
    "added with a default": "ADD COLUMN n INT NOT NULL DEFAULT 5",
    "added in front": "ADD COLUMN first VARCHAR(5) DEFAULT 'x' FIRST",
    "dropped": "DROP COLUMN note",
    "renamed": "RENAME COLUMN note TO remark",
    "retyped": "MODIFY qty VARCHAR(20)",
    "moved": "MODIFY qty INT AFTER note",
    "all at once": "DROP COLUMN note, ADD COLUMN n INT DEFAULT 1 FIRST, MODIFY qty BIGINT",
}


@pytest.mark.parametrize("change", ALTERS.values(), ids=ALTERS.keys())
async def test_an_altered_table_becomes_what_it_is(source: Source, road: Road, change: str) -> None:
    source.run(
        "CREATE TABLE t (id INT PRIMARY KEY, qty INT, note VARCHAR(20))",
        "INSERT INTO t VALUES (1, 10, 'a'), (2, 20, 'b'), (3, 30, 'c')",
    )

    async with road.going():
        await road.settled()
        source.run(
            "UPDATE t SET qty = 11 WHERE id = 1",
            f"ALTER TABLE t {change}",
            "UPDATE t SET qty = 22 WHERE id = 2",
            "INSERT INTO t (id, qty) VALUES (4, 40)",
            "DELETE FROM t WHERE id = 3",
        )
        await road.settled()

    assert road.documents("t") == rows_as_documents(source, "t")
    assert [one["_id"] for one in road.documents("t")] == [1, 2, 4]


def rows_as_documents(source: Source, table: str) -> list[dict[str, object]]:
    columns = source.rows(
        "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = "
        f"'{source.database}' AND TABLE_NAME = '{table}' ORDER BY ORDINAL_POSITION"
    )
    names = [name for (name,) in columns]
    rows = source.rows(f"SELECT * FROM {source.database}.{table} ORDER BY id")
    return [{"_id": row[names.index("id")], **dict(zip(names, row, strict=True))} for row in rows]


async def test_a_table_is_altered_again_and_again_while_it_is_copied(
    source: Source, make_road: RoadFactory
) -> None:
    road = make_road(chunk_rows=20)
    source.run(
        "CREATE TABLE t (id INT PRIMARY KEY, a INT)",
        "INSERT INTO t VALUES " + ", ".join(f"({n}, {n})" for n in range(500)),
    )

    async with road.going():
        for number in range(5):
            await source.change(
                f"ALTER TABLE t ADD COLUMN c{number} INT DEFAULT {number}",
                f"UPDATE t SET a = -1 WHERE id = {number}",
                f"DELETE FROM t WHERE id = {100 + number}",
            )
        await road.settled()

    assert road.documents("t") == rows_as_documents(source, "t")


async def test_another_key_gives_every_document_another_id(source: Source, road: Road) -> None:
    source.run("CREATE TABLE t (id INT PRIMARY KEY, k INT NOT NULL)", "INSERT INTO t VALUES (1, 7)")

    async with road.going():
        await road.settled()
        source.run(
            "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (k)", "INSERT INTO t VALUES (2, 8)"
        )
        await road.settled()

    assert [(one["_id"], one["id"]) for one in road.documents("t")] == [(7, 1), (8, 2)]


async def test_a_truncated_table_holds_what_came_afterwards(source: Source, road: Road) -> None:
    source.run("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1), (2)")

    async with road.going():
        await road.settled()
        source.run("INSERT INTO t VALUES (3)", "TRUNCATE TABLE t", "INSERT INTO t VALUES (4)")
        await road.settled()

    assert road.documents("t") == [{"_id": 4, "id": 4}]


async def test_tables_are_made_dropped_and_renamed(source: Source, road: Road) -> None:
    source.run("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")

    async with road.going():
        await road.settled()
        source.run(
            "CREATE TABLE made (id INT PRIMARY KEY)",
            "INSERT INTO made VALUES (1), (2)",
            "CREATE TABLE gone (id INT PRIMARY KEY)",
            "INSERT INTO gone VALUES (1)",
            "DROP TABLE gone",
            "CREATE TABLE shadow (id INT PRIMARY KEY, extra INT)",
            "INSERT INTO shadow VALUES (1, 1), (5, 5)",
            "RENAME TABLE t TO old, shadow TO t",
            "INSERT INTO t VALUES (6, 6)",
            "CREATE TABLE again (id INT PRIMARY KEY)",
            "INSERT INTO again VALUES (1)",
            "DROP TABLE again",
            "CREATE TABLE again (id INT PRIMARY KEY, v INT)",
            "INSERT INTO again VALUES (2, 2)",
        )
        await road.settled()

    assert [one["_id"] for one in road.documents("made")] == [1, 2]
    assert road.documents("gone") == []
    assert road.documents("old") == [{"_id": 1, "id": 1}]
    assert [one["_id"] for one in road.documents("t")] == [1, 5, 6]
    assert road.documents("shadow") == []
    assert road.documents("again") == [{"_id": 2, "id": 2, "v": 2}]


async def test_a_dropped_partition_takes_its_documents_along(source: Source, road: Road) -> None:
    source.run(
        "CREATE TABLE t (id INT PRIMARY KEY) PARTITION BY RANGE (id) "
        "(PARTITION low VALUES LESS THAN (10), PARTITION high VALUES LESS THAN MAXVALUE)",
        "INSERT INTO t VALUES (1), (20)",
    )

    async with road.going():
        await road.settled()
        source.run("ALTER TABLE t DROP PARTITION low")
        await road.settled()

    assert road.documents("t") == [{"_id": 20, "id": 20}]


async def test_rows_of_a_created_as_selected_table_arrive(source: Source, road: Road) -> None:
    source.run("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1), (2)")

    async with road.going():
        await road.settled()
        source.run("CREATE TABLE c (PRIMARY KEY (id)) AS SELECT id, id * 10 AS v FROM t")
        await road.settled()

    assert [(one["_id"], int(one["v"])) for one in road.documents("c")] == [(1, 10), (2, 20)]


async def test_a_replaced_table_keeps_nothing_of_the_old_one(source: Source, road: Road) -> None:
    source.run("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1), (2)")
    replace = (
        ("CREATE OR REPLACE TABLE t (id INT PRIMARY KEY)",)
        if source.is_mariadb
        else ("DROP TABLE t", "CREATE TABLE t (id INT PRIMARY KEY)")
    )

    async with road.going():
        await road.settled()
        source.run(*replace, "INSERT INTO t VALUES (3)")
        await road.settled()

    assert [one["_id"] for one in road.documents("t")] == [3]


async def test_a_create_that_does_nothing_copies_nothing(source: Source, road: Road) -> None:
    source.run("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")

    async with road.going():
        await road.settled()
        source.run("CREATE TABLE IF NOT EXISTS t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (2)")
        await road.settled()

    assert [one["_id"] for one in road.documents("t")] == [1, 2]
    assert [one["generation"] for one in road.client[road.state].tables.find()] == [1]


async def test_another_unique_key_becomes_the_key(source: Source, road: Road) -> None:
    source.run(
        "CREATE TABLE t (a INT NOT NULL, b INT NOT NULL, UNIQUE KEY ka (a))",
        "INSERT INTO t VALUES (1, 10), (2, 20)",
    )

    async with road.going():
        await road.settled()
        source.run("CREATE UNIQUE INDEX kb ON t (b)", "DROP INDEX ka ON t")
        source.run("INSERT INTO t VALUES (1, 30)")
        await road.settled()

    assert [(one["_id"], one["a"]) for one in road.documents("t")] == [(10, 1), (20, 2), (30, 1)]


async def test_a_table_dropped_while_nobody_looks_leaves_no_documents(
    source: Source, road: Road
) -> None:
    source.run(
        "CREATE TABLE t (id INT PRIMARY KEY, v INT)",
        "INSERT INTO t VALUES (1, 1)",
        "CREATE TABLE stays (id INT PRIMARY KEY)",
    )
    await road.copy()

    source.run("SET SESSION binlog_row_image = MINIMAL", "UPDATE t SET v = 2", "DROP TABLE t")
    await road.copy()

    assert road.documents("t") == []
