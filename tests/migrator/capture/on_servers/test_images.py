"""Events that do not show whole rows, or whose rows do not count yet."""

import pytest

from migrator.snapshot import chunks
from tests.migrator.road import Road, Source

CHANGES = (
    "UPDATE t SET v = 99 WHERE id = 1",
    "INSERT INTO t (id) VALUES (4)",
    "DELETE FROM t WHERE id = 2",
    "UPDATE t SET id = 5 WHERE id = 3",
    "UPDATE t SET v = 7, big = 'changed' WHERE id = 5",
)


@pytest.mark.parametrize("image", ["MINIMAL", "NOBLOB"])
async def test_rows_that_are_shown_in_part_are_read_again(
    source: Source, road: Road, image: str
) -> None:
    source.run(
        "CREATE TABLE t (id INT PRIMARY KEY, v INT DEFAULT 5, big TEXT)",
        "INSERT INTO t VALUES (1, 1, 'one'), (2, 2, 'two'), (3, 3, 'three')",
    )

    async with road.going():
        await road.settled()
        source.run(f"SET SESSION binlog_row_image = {image}", *CHANGES)
        await road.settled()

    assert [(one["_id"], one["v"], one["big"]) for one in road.documents("t")] == [
        (1, 99, "one"),
        (4, 5, None),
        (5, 7, "changed"),
    ]


async def test_a_distributed_transaction_counts_when_it_is_committed(
    source: Source, road: Road
) -> None:
    source.run("CREATE TABLE t (id INT PRIMARY KEY)")

    async with road.going():
        await road.settled()
        source.run("XA START 'a', 'b', 7", "INSERT INTO t VALUES (1)", "XA END 'a', 'b', 7",
                   "XA PREPARE 'a', 'b', 7")  # fmt: skip
        source.run("INSERT INTO t VALUES (2)")
        await road.settled()
        before = road.documents("t")
        source.run("XA COMMIT 'a', 'b', 7")
        await road.settled()

    assert [one["_id"] for one in before] == [2]
    assert [one["_id"] for one in road.documents("t")] == [1, 2]


async def test_a_prepared_transaction_outlives_a_restart_of_both_halves(
    source: Source, road: Road
) -> None:
    source.run("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 1)")

    async with road.going():
        await road.settled()
        source.run("XA START 'a'", "UPDATE t SET v = 2", "XA END 'a'", "XA PREPARE 'a'")
        await road.settled()
    source.run("XA COMMIT 'a'")
    await road.copy()

    assert road.documents("t") == [{"_id": 1, "id": 1, "v": 2}]


async def test_distributed_transactions_that_are_rolled_back_or_in_one_phase(
    source: Source, road: Road
) -> None:
    source.run("CREATE TABLE t (id INT PRIMARY KEY)")

    async with road.going():
        await road.settled()
        source.run(
            *("XA START 'a'", "INSERT INTO t VALUES (1)", "XA END 'a'", "XA PREPARE 'a'"),
            "XA ROLLBACK 'a'",
            *("XA START 'b'", "INSERT INTO t VALUES (2)", "XA END 'b'", "XA COMMIT 'b' ONE PHASE"),
        )
        await road.settled()

    assert [one["_id"] for one in road.documents("t")] == [2]
    assert list(road.client[road.state].prepared.find()) == []


async def test_a_distributed_transaction_elsewhere_is_nothing(source: Source, road: Road) -> None:
    other = Source(source.url)
    source.run("CREATE TABLE t (id INT PRIMARY KEY)")
    other.run("CREATE TABLE x (id INT PRIMARY KEY)")

    async with road.going():
        await road.settled()
        other.run("XA START 'a'", "INSERT INTO x VALUES (1)", "XA END 'a'", "XA PREPARE 'a'",
                  "XA COMMIT 'a'")  # fmt: skip
        source.run("INSERT INTO t VALUES (1)")
        await road.settled()

    assert road.documents("t") == [{"_id": 1, "id": 1}]
    other.run(f"DROP DATABASE {other.database}")


async def test_compressed_transactions_arrive(source: Source, road: Road) -> None:
    source.run("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(1000))")
    compressed = "" if source.is_mariadb else "SET SESSION binlog_transaction_compression = ON"

    async with road.going():
        await road.settled()
        rows = ", ".join(f"({n}, REPEAT('x', {n}))" for n in range(1_000))
        source.run(*filter(None, [compressed]), f"INSERT INTO t VALUES {rows}")
        await road.settled()

    assert [len(one["v"]) for one in road.documents("t")] == list(range(1_000))


async def test_savepoints_and_rollbacks_leave_no_trace(source: Source, road: Road) -> None:
    source.run("CREATE TABLE t (id INT PRIMARY KEY)")

    async with road.going():
        await road.settled()
        source.run(
            *("BEGIN", "INSERT INTO t VALUES (1)", "SAVEPOINT s", "INSERT INTO t VALUES (2)"),
            *("ROLLBACK TO s", "INSERT INTO t VALUES (3)", "COMMIT"),
            *("BEGIN", "INSERT INTO t VALUES (4)", "ROLLBACK"),
        )
        await road.settled()

    assert [one["_id"] for one in road.documents("t")] == [1, 3]


async def test_rows_that_a_savepoint_undid_are_told_from_the_others(
    source: Source, road: Road
) -> None:
    source.run("CREATE TABLE t (id INT PRIMARY KEY)")

    async with road.going():
        await road.settled()
        source.run(
            *("BEGIN", "INSERT INTO t VALUES (4)", "SAVEPOINT s", "INSERT INTO t VALUES (5)"),
            # A temporary table makes MariaDB log the rows, and then that they are undone.
            *("CREATE TEMPORARY TABLE x (a INT)", "ROLLBACK TO s", "COMMIT"),
        )
        await road.settled()

    assert [one["_id"] for one in road.documents("t")] == [4]


async def test_large_rows_that_are_read_again_are_not_taken_for_deleted(
    source: Source, road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "CHUNK_BYTES_LIMIT", 300_000)
    source.run(
        "CREATE TABLE t (id INT PRIMARY KEY, v INT, big LONGBLOB)",
        *(f"INSERT INTO t VALUES ({n}, 0, REPEAT('x', 80000))" for n in range(12)),
    )

    async with road.going():
        await road.settled()
        source.run("SET SESSION binlog_row_image = NOBLOB", "UPDATE t SET v = 1")
        await road.settled()

    assert [(one["_id"], one["v"]) for one in road.documents("t")] == [(n, 1) for n in range(12)]
