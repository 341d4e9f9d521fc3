"""A few random episodes; `python -m tests.migrator.cascades` runs them for as long as is asked."""

import pytest

from tests.migrator.cascades.conftest import SERVERS
from tests.migrator.cascades.episode import Plan, run_episode
from tests.migrator.conftest import RoadFactory
from tests.migrator.road import Source

TRANSACTIONS = 30
PLANS = (
    Plan(10, TRANSACTIONS),
    Plan(33, TRANSACTIONS, stops=2),
    Plan(21, TRANSACTIONS, stops=1, loose=True),
)


@pytest.mark.parametrize("source", SERVERS, indirect=True)
@pytest.mark.parametrize("plan", PLANS, ids=["in one run", "with stops", "with other spellings"])
async def test_every_table_equals_its_collection_after_random_cascades(
    source: Source, make_road: RoadFactory, plan: Plan
) -> None:
    road = make_road(chunk_rows=3, partitions=1 + 2 * (plan.seed % 2))

    result = await run_episode(source, road, plan)

    assert result.constraints > 0
    assert result.differences == (), "\n".join(result.log)
