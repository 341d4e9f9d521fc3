"""Each batch lands once: repeats are dropped, gaps are noticed, epochs begin."""

import pytest

from migrator.load import recorder
from migrator.load.partition import LoadCounters, OwnedPartition
from migrator.model.batch import Batch, BatchId
from migrator.model.position import Position
from tests.migrator.load.scene import PARTITION, Scene


@pytest.fixture(autouse=True)
def _audit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "AUDIT", True)


async def test_a_batch_lands_with_its_position(scene: Scene, owned: OwnedPartition) -> None:
    batch = scene.batch(scene.copy({"_id": 1, "sku": "TEA"}), scene.put({"_id": 2, "sku": "JAM"}))

    assert await owned.load([batch]) == 1

    assert await scene.rows() == [{"_id": 1, "sku": "TEA"}, {"_id": 2, "sku": "JAM"}]
    landed = await scene.landed()
    assert landed.batch == BatchId(1, 1)
    assert landed.position == Position(file="binlog.000001", offset=1001)
    assert (landed.transactions, landed.committed_at, landed.gap) == (1, 1_001, None)


async def test_a_repeat_is_dropped_and_counted(scene: Scene, owned: OwnedPartition) -> None:
    first = scene.batch(scene.put({"_id": 1, "n": 1}))
    second = scene.batch(scene.put({"_id": 1, "n": 2}))
    await owned.load([first, second])

    assert await owned.load([first, second, first]) == 3

    assert scene.counters == LoadCounters(rows=2, repeats=3)
    assert await scene.rows() == [{"_id": 1, "n": 2}]
    assert (await scene.landed()).transactions == 2
    assert len(await scene.documents("audit")) == 2


async def test_a_repeat_among_new_batches_does_no_harm(scene: Scene, owned: OwnedPartition) -> None:
    first = scene.batch(scene.put({"_id": 1, "n": 1}))
    second = scene.batch(scene.put({"_id": 1, "n": 2}))

    assert await owned.load([first, second, first, second]) == 4

    assert await scene.rows() == [{"_id": 1, "n": 2}]
    assert (await scene.landed()).transactions == 2


async def test_a_gap_is_noted_and_its_epoch_is_dropped(scene: Scene, owned: OwnedPartition) -> None:
    first = scene.batch(scene.put({"_id": 1}))
    lost = scene.batch(scene.put({"_id": 2}))
    third = scene.batch(scene.put({"_id": 3}))

    assert await owned.load([first, third]) == 2
    assert await owned.load([lost, scene.batch(scene.put({"_id": 4}))]) == 2

    assert await scene.rows() == [{"_id": 1}]
    landed = await scene.landed()
    assert landed.batch == BatchId(1, 1)
    assert landed.gap == (
        "Batch 1.3 follows 1.2, but what landed last is 1.1: something between them was lost."
    )


async def test_a_new_epoch_closes_a_gap(scene: Scene, owned: OwnedPartition) -> None:
    lost = scene.batch(scene.put({"_id": 1}))
    await owned.load([scene.batch(scene.put({"_id": 2}))])

    landed = await scene.begin()
    late = [lost, scene.batch(scene.put({"_id": 1})), scene.batch(scene.put({"_id": 2}))]
    assert await owned.load(late) == 3

    assert (landed.batch, landed.gap) == (BatchId(2, 0), None)
    assert landed.position == Position(file="binlog.000001")
    assert await scene.rows() == [{"_id": 1}, {"_id": 2}]
    assert (await scene.landed()).gap is None


async def test_batches_of_an_older_epoch_are_repeats(scene: Scene, owned: OwnedPartition) -> None:
    old = scene.batch(scene.put({"_id": 1}))
    await scene.begin()

    assert await owned.load([old]) == 1

    assert await scene.rows() == []
    assert (await scene.landed()).gap is None


async def test_an_epoch_that_was_never_begun_is_a_gap(scene: Scene, owned: OwnedPartition) -> None:
    scene.epoch = 9
    strangers = [scene.batch(scene.put({"_id": 1})), scene.batch(scene.put({"_id": 2}))]

    assert await owned.load(strangers) == 2

    assert await scene.rows() == []
    assert "Batch 9.1" in str((await scene.landed()).gap)


async def test_a_gap_survives_the_loader(scene: Scene, owned: OwnedPartition) -> None:
    first = scene.batch(scene.put({"_id": 1}))
    await owned.load([scene.batch(scene.put({"_id": 2}))])

    successor = await scene.own()

    assert await successor.load([first]) == 1
    assert await scene.rows() == []


async def test_a_loader_may_come_before_capture(scene: Scene) -> None:
    early = await scene.own(PARTITION + 1)
    landed = await scene.state.begin_epoch(PARTITION + 1, Position(offset=4))
    batch = Batch(
        PARTITION + 1, landed.batch, BatchId(1, 1), Position(offset=9), complete=True, changes=()
    )

    assert await early.load([batch]) == 1

    assert [landed.batch for landed in await scene.state.landed()] == [
        BatchId(1, 0),
        BatchId(1, 1),
    ]
