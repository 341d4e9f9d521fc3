"""A few random episodes; `python -m tests.migrator.cascades` runs them for as long as is asked."""

import pytest

from tests.migrator.cascades.episode import Plan, run_episode
from tests.migrator.conftest import RoadFactory
from tests.migrator.road import Source

TRANSACTIONS = 40


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("stops", [0, 2])
async def test_every_table_equals_its_collection_after_random_cascades(
    source: Source, make_road: RoadFactory, seed: int, stops: int
) -> None:
    road = make_road(chunk_rows=2 + seed, partitions=1 + 2 * (seed % 2))

    result = await run_episode(source, road, Plan(10 * seed + stops, TRANSACTIONS, stops))

    assert result.constraints > 0
    assert result.differences == (), "\n".join(result.log)
