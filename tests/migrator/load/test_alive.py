"""Whether the halves run, as another process sees it."""

import asyncio
from datetime import timedelta

import pytest

from migrator.observe import alive
from migrator.observe.alive import running
from migrator.observe.reports import Role
from tests.migrator.load.scene import Scene


async def test_without_reports_nothing_runs(scene: Scene) -> None:
    assert await running(scene.state) == set()


async def test_a_half_whose_report_moves_runs(scene: Scene) -> None:
    async def keep_reporting() -> None:
        while True:
            await scene.state.report(Role.APPLY, {"pid": 1})
            await asyncio.sleep(0.05)

    reporting = asyncio.create_task(keep_reporting())
    async with asyncio.timeout(5):
        while not await scene.state.reports():
            await asyncio.sleep(0.01)
        found = await running(scene.state)
    reporting.cancel()

    assert found == {Role.APPLY}


async def test_a_report_that_a_killed_half_left_behind_counts_until_it_is_old(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alive, "ALIVE", timedelta(seconds=1))
    await scene.state.report(Role.CAPTURE, {"pid": 1})
    loop = asyncio.get_running_loop()
    begun_s = loop.time()

    assert await running(scene.state) == set()

    assert loop.time() - begun_s > 0.5
