"""A server that dies, steps down or freezes: nothing is lost, nothing lands twice."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from pymongo.errors import AutoReconnect, OperationFailure

from migrator.errors import TargetUnavailable
from migrator.load import partition, recorder, writer
from migrator.load.partition import OwnedPartition
from migrator.mongodb import target
from migrator.mongodb.session import Session
from servers.mongodb import MongoDB
from tests.migrator.load.conftest import scene_at
from tests.migrator.load.scene import Scene

BATCHES = 150


@pytest.fixture
async def fragile(private: MongoDB, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    """A scene on a server that may be killed; every batch leaves a mark."""
    monkeypatch.setattr(recorder, "AUDIT", True)
    monkeypatch.setattr(target, "SOCKET_TIMEOUT_MS", 1_500)
    async with scene_at(private.url) as scene:
        yield scene


async def pour(scene: Scene, trouble: Callable[[], object]) -> None:
    """Load many batches one by one, with trouble in the middle, and compare."""
    owned = await scene.own()
    troubled: asyncio.Future[object] | None = None
    for number in range(BATCHES):
        if number == BATCHES // 3:
            troubled = asyncio.ensure_future(asyncio.to_thread(trouble))
        rows = ({"_id": number}, {"_id": "last", "n": number})
        assert await owned.load([scene.batch(scene.put(*rows))]) == 1
        await asyncio.sleep(0.002)
    assert troubled is not None
    await troubled

    landed = await scene.landed()
    assert (landed.batch, landed.transactions) == ((1, BATCHES), BATCHES)
    assert len(await scene.documents("audit")) == BATCHES
    assert await scene.rows() == [
        *({"_id": number} for number in range(BATCHES)),
        {"_id": "last", "n": BATCHES - 1},
    ]


async def test_the_server_is_killed_and_comes_back(fragile: Scene, private: MongoDB) -> None:
    def trouble() -> None:
        private.kill()
        private.start()

    await pour(fragile, trouble)


async def test_the_primary_steps_down(fragile: Scene, private: MongoDB) -> None:
    def trouble() -> None:
        with private._client() as client:
            client.admin.command("replSetStepDown", 1, secondaryCatchUpPeriodSecs=0, force=True)

    await pour(fragile, trouble)


async def test_the_server_freezes_and_goes_on(fragile: Scene, private: MongoDB) -> None:
    def trouble() -> None:
        private.pause()
        asyncio.run(asyncio.sleep(2.5))
        private.resume()

    await pour(fragile, trouble)


async def test_a_server_that_stays_away_is_reported(
    private: MongoDB, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, "SELECTION_TIMEOUT_MS", 200)
    monkeypatch.setattr(partition, "TRIES", 3)
    async with scene_at(private.url) as scene:
        owned = await scene.own()
        batch = scene.batch(scene.put({"_id": 1}))
        private.kill()

        with pytest.raises(TargetUnavailable, match="Check that it runs"):
            await owned.load([batch])

        private.start()
        owned = await scene.own()
        assert await owned.load([batch]) == 1
        assert await scene.rows() == [{"_id": 1}]


@pytest.mark.parametrize("lands", [True, False])
async def test_an_unknown_commit_is_looked_up(
    scene: Scene, owned: OwnedPartition, monkeypatch: pytest.MonkeyPatch, lands: bool
) -> None:
    """The answer to the commit is lost; whether it landed, the position tells."""
    commit = Session.commit
    left = 1

    async def lost(self: Session) -> None:
        nonlocal left
        left -= 1
        if left < 0 or lands:
            await commit(self)
        if left >= 0:
            raise AutoReconnect("The connection broke.")

    monkeypatch.setattr(recorder, "AUDIT", True)
    monkeypatch.setattr(Session, "commit", lost)

    assert await owned.load([scene.batch(scene.put({"_id": 1}))]) == 1

    assert await scene.rows() == [{"_id": 1}]
    assert (await scene.landed()).transactions == 1
    assert len(await scene.documents("audit")) == 1


async def test_conflicts_are_tried_again(scene: Scene, owned: OwnedPartition) -> None:
    await owned.load([scene.batch(scene.put({"_id": 1, "n": 1}))])
    async with await scene.client.start_session() as session:
        session.start_transaction()
        orders = scene.client[scene.database].orders
        await orders.update_one({"_id": 1}, {"$set": {"n": 9}}, session=session)
        loading = asyncio.create_task(owned.load([scene.batch(scene.put({"_id": 1, "n": 2}))]))
        await asyncio.sleep(0.3)
        assert not loading.done()
        await session.commit_transaction()

    assert await loading == 1
    assert await scene.rows() == [{"_id": 1, "n": 2}]


async def test_what_is_not_passing_is_not_tried_again(
    scene: Scene, owned: OwnedPartition, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    async def refuse(self: writer.PartitionWriter, command: object) -> None:
        nonlocal tries
        tries += 1
        raise OperationFailure("not here", 13)

    monkeypatch.setattr(writer.PartitionWriter, "_write", refuse)

    with pytest.raises(Exception, match="does not allow this user to load rows of"):
        await owned.load([scene.batch(scene.put({"_id": 1}))])

    assert tries == 1
