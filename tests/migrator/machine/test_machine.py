"""A few episodes of the machine; `make machine` runs it for an hour."""

import pytest

from tests.migrator.conftest import RoadFactory
from tests.migrator.machine.episode import run_episode
from tests.migrator.road import Source

STEPS = 80
KILLS = 3


@pytest.mark.parametrize("seed", [2, 30])
async def test_nothing_differs_after_random_definitions_and_kills(
    source: Source, make_road: RoadFactory, seed: int
) -> None:
    result = await run_episode(source, make_road(), seed, steps=STEPS, kills=KILLS)

    assert result.definitions > 5
    assert result.differences == (), "\n".join(result.log)


async def test_nothing_differs_after_each_of_several_looks(
    source: Source, make_road: RoadFactory
) -> None:
    road = make_road(chunk_rows=2)

    result = await run_episode(source, road, 7, steps=STEPS, kills=0, looks=6)

    assert result.looks > 1
    assert result.differences == (), "\n".join(result.log)
