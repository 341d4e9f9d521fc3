"""Collections that hold what this migration did not write."""

import pytest

from migrator.errors import ConfigurationError
from tests.migrator.conftest import RoadFactory
from tests.migrator.faults.scene import BEFORE, left_out
from tests.migrator.road import Source


@pytest.mark.parametrize("later", [False, True])
async def test_a_collection_that_is_not_empty_is_left_alone(
    source: Source, make_road: RoadFactory, later: bool
) -> None:
    source.run("CREATE TABLE first (id INT PRIMARY KEY)", *(() if later else BEFORE))
    road = make_road()
    road.client[source.database].t.insert_one({"_id": "a stranger's"})
    if later:
        async with road.going():
            await road.settled()
            await source.change(*BEFORE)
            await road.settled()
        told = left_out(road)["t"]
        # Neither another start nor the table's end makes the documents ours.
        await road.copy()
        source.run("TRUNCATE TABLE t", "DROP TABLE t")
        await road.copy()
    else:
        with pytest.raises(ConfigurationError) as caught:
            await road.copy()
        told = str(caught.value)
        assert list(road.client[road.state].positions.find()) == []

    assert "take_over" in told
    assert road.documents("t") == [{"_id": "a stranger's"}]


async def test_it_may_be_taken_over(source: Source, make_road: RoadFactory) -> None:
    source.run(*BEFORE)
    road = make_road(take_over=True)
    road.client[source.database].t.insert_one({"_id": "a stranger's"})

    await road.copy()

    assert road.documents("t") == [{"_id": 1, "id": 1, "v": 1}]
