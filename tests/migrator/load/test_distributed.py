"""Distributed transactions are kept aside until they are decided."""

import pytest

from migrator.errors import TargetError
from migrator.load import records
from migrator.load.partition import OwnedPartition
from migrator.model.batch import Distributed, Phase
from tests.migrator.load.scene import Scene

XID = "X'61',X'',1"


def phase(name: Phase, xid: str = XID) -> Distributed:
    return Distributed(xid, name)


async def test_a_prepared_transaction_lands_when_it_is_committed(
    scene: Scene, owned: OwnedPartition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "PIECE_BYTES", 100)
    prepare = phase(Phase.PREPARE)
    parts = [
        scene.batch(scene.put({"_id": 1, "n": 1}), complete=False, distributed=prepare),
        scene.batch(scene.put({"_id": 1, "n": 2}), transactions=0, distributed=prepare),
        scene.batch(scene.put({"_id": 2, "n": 1})),
    ]

    assert await owned.load(parts) == 3
    assert await scene.rows() == [{"_id": 2, "n": 1}]
    assert len(await scene.documents("prepared")) > 2

    successor = await scene.own()
    assert await successor.load([scene.batch(distributed=phase(Phase.COMMIT))]) == 1

    assert await scene.rows() == [{"_id": 1, "n": 2}, {"_id": 2, "n": 1}]
    assert await scene.documents("prepared") == []
    assert (await scene.landed()).transactions == 2


async def test_a_rolled_back_transaction_is_forgotten(scene: Scene, owned: OwnedPartition) -> None:
    other = phase(Phase.PREPARE, "X'62',X'',1")
    await owned.load([scene.batch(scene.put({"_id": 1}), distributed=phase(Phase.PREPARE))])
    await owned.load([scene.batch(scene.put({"_id": 2}), distributed=other)])

    await owned.load([scene.batch(distributed=phase(Phase.ROLLBACK))])

    assert await scene.rows() == []
    assert [row["xid"] for row in await scene.documents("prepared")] == [other.xid]


async def test_a_commit_of_an_unknown_transaction_is_an_error(
    scene: Scene, owned: OwnedPartition
) -> None:
    with pytest.raises(TargetError, match="must be copied again"):
        await owned.load([scene.batch(distributed=phase(Phase.COMMIT))])

    assert (await scene.landed()).batch == (1, 0)
