"""What `_migrator` remembers, and that damage to it is noticed."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

import migrator.mongodb.target
from migrator.errors import ConfigurationError, StateDamaged, TargetUnavailable
from migrator.load.partition import OwnedPartition
from migrator.model.batch import BatchId, Progress
from migrator.model.collection import CollectionMap
from migrator.model.position import Position
from migrator.model.state import KeyRange, TableCopy
from migrator.mongodb.target import Target
from servers.process import free_port
from tests.migrator.load.scene import PARTITION, Scene


async def test_the_first_epoch_begins_at_the_start_that_is_given(scene: Scene) -> None:
    landed = await scene.state.begin_epoch(8, Position(gtids="a:1-5", offset=7))

    assert landed.batch == BatchId(1, 0)
    assert landed.position == Position(gtids="a:1-5", offset=7)
    again = await scene.state.begin_epoch(8, Position(offset=99))
    assert (again.batch, again.position) == (BatchId(2, 0), landed.position)
    assert again in await scene.state.landed()


async def test_epochs_that_begin_at_once_are_different(scene: Scene) -> None:
    begun = await asyncio.gather(*(scene.state.begin_epoch(8, Position()) for _ in range(6)))

    assert sorted(landed.batch.epoch for landed in begun) == [1, 2, 3, 4, 5, 6]


async def test_an_epoch_begins_while_batches_land(scene: Scene, owned: OwnedPartition) -> None:
    async def pour() -> None:
        for number in range(400):
            await owned.load([scene.batch(scene.put({"_id": number}))])

    pouring = asyncio.create_task(pour())
    await asyncio.sleep(0.02)
    landed = await scene.state.begin_epoch(PARTITION, Position())
    await pouring

    assert landed.batch == BatchId(2, 0)
    # What landed is exactly what the epoch begins from; the rest was dropped.
    assert len(await scene.rows()) == landed.transactions < 400


@pytest.mark.parametrize(
    "damage",
    [
        {"$inc": {"position.offset": 1}},
        {"$inc": {"sequence": -1}},
        {"$set": {"position.gtids": "x"}},
        {"$unset": {"check": 1}},
        {"$unset": {"position": 1}},
        {"$inc": {"transactions": 1}},
    ],
    ids=str,
)
async def test_a_damaged_position_is_noticed(
    scene: Scene, owned: OwnedPartition, damage: dict[str, object]
) -> None:
    await owned.load([scene.batch(scene.put({"_id": 1}))])
    await scene.state.positions.update_one({"_id": PARTITION}, damage)

    with pytest.raises(StateDamaged, match=r"partition 3 .* Restore the target from a backup"):
        await scene.state.landed()
    with pytest.raises(StateDamaged):
        await scene.own()
    with pytest.raises(StateDamaged):
        await scene.state.begin_epoch(PARTITION, Position())


async def test_progress_lands_with_its_batch(scene: Scene, owned: OwnedPartition) -> None:
    parts = (KeyRange(upper=("5",)), KeyRange(lower=("5",)))
    state = TableCopy(scene.table(), PARTITION, 2, 10, parts)
    await scene.state.save_table(state)
    some = Progress(scene.table(), 1, 2, ("7",), done=False, generation=2)
    rest = Progress(scene.table(), 1, 1, ("8",), done=True, generation=2)
    older = Progress(scene.table(), 0, 5, ("3",), done=True, generation=1)

    await owned.load(
        [
            scene.batch(scene.copy({"_id": 6}, {"_id": 7}), progress=some),
            scene.batch(scene.copy({"_id": 8}), progress=rest),
            scene.batch(progress=older),
        ]
    )

    (table,) = await scene.state.tables()
    assert table.parts == (parts[0], KeyRange(("5",), None, ("8",), 3, True))
    assert (table.table, table.generation, table.estimated_rows) == (scene.table(), 2, 10)


async def test_a_table_is_saved_whole(scene: Scene) -> None:
    first = TableCopy(scene.table(), PARTITION, 1, 10, (KeyRange(), KeyRange()))
    second = TableCopy(scene.table(), PARTITION, 2, 12, (KeyRange(rows=4, done=True),))

    await scene.state.save_table(first)
    await scene.state.save_table(second)

    assert await scene.state.tables() == (second,)


async def test_reports_carry_the_servers_time(scene: Scene) -> None:
    await scene.state.report("apply", {"lag": 3, "$odd": "$lag", "old": 1})
    await scene.state.report("apply", {"lag": 4, "$odd": "$lag"})
    await scene.state.report("capture", {})

    reports = await scene.state.reports()
    at = reports["apply"].pop("at")
    assert reports["apply"] == {"lag": 4, "$odd": "$lag"}
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)
    assert set(reports) == {"apply", "capture"}


async def test_the_target_is_checked(scene: Scene) -> None:
    version = await scene.state.target.check()

    assert version >= (5, 0)


async def test_a_server_that_is_not_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrator.mongodb.target, "SELECTION_TIMEOUT_MS", 100)
    url = f"mongodb://user:secret@127.0.0.1:{free_port(0)}/"

    async with Target.connect(url, CollectionMap(), "tests") as target:
        with pytest.raises(TargetUnavailable, match="Check that it runs") as caught:
            await target.check()

    assert "secret" not in str(caught.value)


def test_a_url_that_means_nothing_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="The target's URL cannot be read"):
        Target.connect("http://somewhere", CollectionMap(), "tests")
