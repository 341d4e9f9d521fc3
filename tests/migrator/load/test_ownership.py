"""One process loads a partition: a successor takes over at once, and the old one ends."""

import asyncio
import time

import pytest

from migrator.errors import Fenced
from migrator.load import writer
from migrator.load.partition import OwnedPartition
from migrator.mongodb.session import Session
from tests.migrator.load.scene import Scene

TAKEOVER_S = 3.0


class Hold:
    """Stops the first owner that is about to commit, as a paused process stands still."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.release = asyncio.Event()
        self._commit = Session.commit
        self._used = False

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def commit(held: Session) -> None:
            if not self._used:
                self._used = True
                self.reached.set()
                await self.release.wait()
            await self._commit(held)

        monkeypatch.setattr(Session, "commit", commit)


async def test_a_successor_is_not_blocked_by_a_paused_transaction(
    scene: Scene, owned: OwnedPartition, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = Hold()
    hold.install(monkeypatch)
    batch = scene.batch(scene.put({"_id": 1, "n": 1}))
    paused = asyncio.create_task(owned.load([batch]))
    await hold.reached.wait()
    began = time.monotonic()

    successor = await scene.own()
    assert await successor.load([batch, scene.batch(scene.put({"_id": 1, "n": 2}))]) == 2

    assert time.monotonic() - began < TAKEOVER_S
    hold.release.set()
    with pytest.raises(Fenced, match="taken over partition 3"):
        await paused
    assert await scene.rows() == [{"_id": 1, "n": 2}]
    assert (await scene.landed()).transactions == 2


async def test_a_fenced_loader_writes_nothing(scene: Scene, owned: OwnedPartition) -> None:
    await scene.own()

    with pytest.raises(Fenced):
        await owned.load([scene.batch(scene.put({"_id": 1}))])
    with pytest.raises(Fenced):
        await owned.load([scene.batch(scene.put({"_id": 2}))])

    assert await scene.rows() == []


async def test_a_fenced_loader_empties_nothing(
    scene: Scene, owned: OwnedPartition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "EMPTIED_AT_ONCE_MAX", 1)
    await owned.load([scene.batch(scene.put({"_id": 1}, {"_id": 2}))])
    await scene.own()

    with pytest.raises(Fenced):
        await owned.load([scene.batch(scene.empty())])

    assert await scene.rows() == [{"_id": 1}, {"_id": 2}]


async def test_capture_begins_an_epoch_past_a_paused_transaction(
    scene: Scene, owned: OwnedPartition, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = Hold()
    hold.install(monkeypatch)
    paused = asyncio.create_task(owned.load([scene.batch(scene.put({"_id": 1}))]))
    await hold.reached.wait()
    began = time.monotonic()

    landed = await scene.begin()

    assert time.monotonic() - began < TAKEOVER_S
    assert landed.batch == (2, 0)
    hold.release.set()
    assert await paused == 1
    assert await scene.rows() == []
    assert await owned.load([scene.batch(scene.put({"_id": 1}))]) == 1
    assert await scene.rows() == [{"_id": 1}]


async def test_owners_that_come_at_once_take_turns(scene: Scene) -> None:
    came = await asyncio.gather(*(scene.own() for _ in range(4)), return_exceptions=True)
    # One that is overtaken at once finds that out at once.
    owners = [one for one in came if isinstance(one, OwnedPartition)]
    batch = scene.batch(scene.put({"_id": 1}))

    results = await asyncio.gather(
        *(owned.load([batch]) for owned in owners), return_exceptions=True
    )

    assert all(isinstance(one, OwnedPartition | Fenced) for one in came)
    fenced = ["Fenced"] * (len(owners) - 1)
    assert sorted(type(result).__name__ for result in results) == [*fenced, "int"]
    assert (await scene.landed()).transactions == 1
