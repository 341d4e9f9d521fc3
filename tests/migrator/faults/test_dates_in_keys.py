"""Keys that are dates which do not exist: the source stores them, and sorts by them."""

from tests.migrator.conftest import RoadFactory
from tests.migrator.road import Source

DAYS = ("2020-00-15", "2023-02-28", "2023-02-29", "2023-02-31", "2023-03-01", "2023-04-31")


async def test_chunks_begin_and_end_at_dates_that_do_not_exist(
    source: Source, make_road: RoadFactory
) -> None:
    road = make_road(chunk_rows=2)
    source.run(
        "SET sql_mode = 'ALLOW_INVALID_DATES'",
        "CREATE TABLE days (day DATE PRIMARY KEY, v INT)",
        "CREATE TABLE moments (at DATETIME(5) PRIMARY KEY, v INT)",
        *(f"INSERT INTO days VALUES ('{day}', 1)" for day in DAYS),
        *(f"INSERT INTO moments VALUES ('{day} 01:02:03.45678', 1)" for day in DAYS),
    )

    async with road.going():
        await road.settled()
        await source.change(
            "SET sql_mode = 'ALLOW_INVALID_DATES'",
            "UPDATE days SET v = 2 WHERE v = 1",
            "DELETE FROM moments ORDER BY at LIMIT 1",
        )
        await road.settled()

    found = {str(one["_id"])[:10]: one["v"] for one in road.documents("days")}
    assert found == dict.fromkeys(DAYS, 2)
    assert [one["_id"] for one in road.documents("moments")] == [
        f"{day} 01:02:03.45678" for day in DAYS[1:]
    ]
