"""A dead letter stands for a row that is not there; it goes when the row is corrected or gone."""

from collections.abc import Sequence

from tests.migrator.conftest import RoadFactory
from tests.migrator.road import Road, Source


async def test_a_dead_letter_is_settled_when_its_row_is_corrected_or_gone(
    source: Source, road: Road
) -> None:
    source.run(
        "CREATE TABLE t (id INT PRIMARY KEY, b LONGBLOB)",
        "INSERT INTO t VALUES (1, REPEAT('x', 17000000)), (2, REPEAT('x', 17000000)), (3, 'a')",
        "INSERT INTO t VALUES (4, REPEAT('x', 17000000))",
    )
    counts: list[Sequence[int]] = []
    async with road.going():
        for change in (
            "DO 1",
            "UPDATE t SET b = 'ok' WHERE id = 1",
            "DELETE FROM t WHERE id = 2",
            "UPDATE t SET b = REPEAT('y', 17000000) WHERE id = 4",
            "ALTER TABLE t ADD c INT",
            "TRUNCATE TABLE t",
        ):
            await source.change(change)
            await road.settled()
            counts.append([one["key"] for one in road.dead_letters()])

    assert counts == [[1, 2, 4], [2, 4], [4], [4], [4], []]


async def test_a_dead_letter_without_a_key_is_settled_too(
    source: Source, make_road: RoadFactory
) -> None:
    road = make_road(zero_dates="refuse")
    source.run(
        "SET sql_mode = ''",
        "CREATE TABLE t (d DATE PRIMARY KEY, v INT)",
        "INSERT INTO t VALUES ('0000-00-00', 1), ('2020-01-01', 2), ('2020-00-00', 1)",
    )
    counts = []
    async with road.going():
        for change in (
            "DO 1",
            "UPDATE t SET v = 3 WHERE v = 1",
            "ALTER TABLE t ADD c INT",
            "DELETE FROM t WHERE d = '2020-00-00'",
            "UPDATE t SET d = '2021-01-01' WHERE v = 3",
        ):
            await source.change("SET sql_mode = ''", change)
            await road.settled()
            counts.append(len(road.dead_letters()))

    assert counts == [2, 2, 2, 1, 0]
