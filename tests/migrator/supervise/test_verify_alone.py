"""`verify` where nothing runs: it starts both halves itself, or says why not."""

import asyncio
from datetime import timedelta

import pytest

from migrator.errors import ConfigurationError
from migrator.observe import alive
from migrator.observe.reports import Role
from migrator.supervise.halves import Half
from tests.migrator.supervise.scene import ORDERS, TIMEOUT_S, USERS, Scene


async def test_where_nothing_runs_both_halves_are_started_and_stopped_afterwards(
    scene: Scene, halves: list[Half], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alive, "ALIVE", timedelta(seconds=1))
    await scene.state.report(Role.CAPTURE, {"pid": 1})  # It was killed.

    verification = asyncio.create_task(scene.verify())
    async with asyncio.timeout(TIMEOUT_S):
        while not (len(halves) == 2 and all(half.state.pid for half in halves)):
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.5)
    assert await scene.verifications.request() is None  # Capture has yet to look at everything.
    async with scene.reporting(*Role):
        await scene.compared(await scene.asked(), ORDERS, USERS)
        await verification

    assert [half.state.role for half in halves] == list(Role)
    assert [half.state.pid for half in halves] == [None, None]


async def test_halves_that_would_lose_changes_are_not_started(
    scene: Scene, halves: list[Half]
) -> None:
    fewer = scene.settings.model_copy(update={"exclude": ("shop.users",)})

    with pytest.raises(ConfigurationError) as refused:
        await scene.verify(of_halves=fewer)

    assert str(refused.value).startswith(
        "Nothing runs, so `verify` would start capture, and it would lose the changes of "
        "shop.users, which the settings do not select."
    )
    assert halves == []


async def test_without_a_migration_there_is_nothing_to_verify(
    scene: Scene, halves: list[Half]
) -> None:
    await scene.state.positions.delete_many({})

    with pytest.raises(ConfigurationError, match="No migration is recorded in"):
        await scene.verify()

    assert halves == []
