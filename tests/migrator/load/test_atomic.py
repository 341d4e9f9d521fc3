"""One load transaction: whole source transactions, merged, reduced to last states."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from bson import Binary, Decimal128, Int64, ObjectId

from migrator.load import writer
from migrator.load.partition import OwnedPartition
from migrator.load.sequencing import AtomicLimits
from migrator.load.transaction import LoadTransaction, stages_of
from migrator.model.batch import Batch, BatchId
from migrator.model.rows import Operation
from tests.migrator.load.scene import Document, Scene


async def test_the_last_state_of_a_row_counts(scene: Scene, owned: OwnedPartition) -> None:
    batch = scene.batch(
        scene.put({"_id": 1, "n": 1}, {"_id": 2, "n": 1}, {"_id": 3, "n": 1}),
        scene.delete(1, 2),
        scene.put({"_id": 1, "n": 2}, {"_id": 3, "n": 2}),
        scene.copy({"_id": 4, "n": 1}),
        scene.put({"_id": 4, "n": 2}),
        scene.delete(3),
        scene.copy({"_id": 3, "n": 3}),
    )

    await owned.load([batch])

    assert await scene.rows() == [
        {"_id": 1, "n": 2},
        {"_id": 3, "n": 3},
        {"_id": 4, "n": 2},
    ]


async def test_a_key_is_the_same_at_any_width(scene: Scene, owned: OwnedPartition) -> None:
    await owned.load([scene.batch(scene.put({"_id": 1, "n": 1}))])

    await owned.load(
        [scene.batch(scene.put({"_id": 1, "n": 2}), scene.delete(Int64(1)), scene.put({"_id": 2}))]
    )

    assert await scene.rows() == [{"_id": 2}]


async def test_keys_of_every_kind_find_their_rows(scene: Scene, owned: OwnedPartition) -> None:
    keys: list[Any] = ["a", "", b"\x00", Binary(b"u" * 16, 4), 1.5, Decimal128("2.50"), True, None]
    keys += [ObjectId(), {"a": 1, "b": "x"}, -1, 2**40]
    await owned.load([scene.batch(scene.copy(*({"_id": key, "n": 1} for key in keys)))])

    await owned.load([scene.batch(scene.put(*({"_id": key, "n": 2} for key in keys)))])
    assert [row["n"] for row in await scene.rows()] == [2] * len(keys)

    await owned.load([scene.batch(scene.delete(*keys))])
    assert await scene.rows() == []


async def test_copied_rows_that_are_there_already_are_replaced(
    scene: Scene, owned: OwnedPartition
) -> None:
    await owned.load([scene.batch(scene.put({"_id": 2, "old": 1}))])

    await owned.load([scene.batch(scene.copy({"_id": 1, "n": 1}, {"_id": 2, "n": 1}))])
    await owned.load([scene.batch(scene.copy({"_id": 1, "n": 2}, {"_id": 3, "n": 2}))])

    assert await scene.rows() == [{"_id": 1, "n": 2}, {"_id": 2, "n": 1}, {"_id": 3, "n": 2}]
    assert sum((await scene.state.dead_letter_counts()).values()) == 0


async def test_small_transactions_are_merged(
    scene: Scene, owned: OwnedPartition, monkeypatch: pytest.MonkeyPatch
) -> None:
    landings: list[int] = []
    land = writer.PartitionWriter.land

    async def counted(self: writer.PartitionWriter, transaction: LoadTransaction) -> object:
        landings.append(len(transaction.batches))
        return await land(self, transaction)

    monkeypatch.setattr(writer.PartitionWriter, "land", counted)
    rows = [{"_id": number} for number in range(900)]

    settled = await owned.load([scene.batch(scene.put(*rows)) for _ in range(5)])

    assert settled == 5
    assert landings == [2, 2, 1]
    landed = await scene.landed()
    assert (landed.transactions, landed.committed_at) == (5, 1_005)


async def test_parts_wait_for_their_whole(scene: Scene, owned: OwnedPartition) -> None:
    before = scene.batch(scene.put({"_id": 0}))
    first = scene.batch(scene.put({"_id": 1, "n": 1}), complete=False)
    second = scene.batch(scene.put({"_id": 2, "n": 1}), complete=False)
    last = scene.batch(scene.put({"_id": 1, "n": 2}))

    assert await owned.load([before, first]) == 1
    assert await owned.load([second]) == 0
    assert await scene.rows() == [{"_id": 0}]

    assert await owned.load([last]) == 3
    assert await scene.rows() == [{"_id": 0}, {"_id": 1, "n": 2}, {"_id": 2, "n": 1}]
    assert (await scene.landed()).transactions == 2


async def test_parts_that_will_never_be_whole_are_dropped(
    scene: Scene, owned: OwnedPartition
) -> None:
    half = scene.batch(scene.put({"_id": 1}), complete=False)
    assert await owned.load([half]) == 0

    await scene.begin()

    assert await owned.load([scene.batch(scene.put({"_id": 2}))]) == 2
    assert await scene.rows() == [{"_id": 2}]


async def test_parts_that_wait_are_forgotten_when_the_broker_delivers_again(
    scene: Scene, owned: OwnedPartition
) -> None:
    parts = [scene.batch(scene.put({"_id": number}), complete=number == 2) for number in range(3)]
    assert await owned.load(parts[:2]) == 0

    successor = await scene.own()

    assert await successor.load(parts[:1]) == 0
    assert await successor.load(parts[1:]) == 3
    assert scene.counters.repeats == 0
    assert len(await scene.rows()) == 3


async def test_a_lost_part_is_a_gap(scene: Scene, owned: OwnedPartition) -> None:
    first = scene.batch(scene.put({"_id": 1}), complete=False)
    scene.batch(scene.put({"_id": 2}), complete=False)
    last = scene.batch(scene.put({"_id": 3}))

    assert await owned.load([first]) == 0
    assert await owned.load([last]) == 2

    assert await scene.rows() == []
    assert "Batch 1.3 follows 1.2" in str((await scene.landed()).gap)


async def test_a_giant_transaction_lands_in_pieces(scene: Scene) -> None:
    owned = await scene.own(limits=AtomicLimits(rows=50))

    def part(number: int, complete: bool = False) -> Batch:
        rows = ({"_id": key} for key in range(number * 20, number * 20 + 20))
        return scene.batch(scene.put(*rows), complete=complete)

    assert await owned.load([part(0), part(1)]) == 0
    assert await owned.load([part(2)]) == 3
    assert (await scene.landed()).batch == BatchId(1, 3)
    assert await owned.load([part(3)]) == 0
    assert await owned.load([part(4, complete=True)]) == 2

    assert len(await scene.rows()) == 100
    assert (await scene.landed()).transactions == 1


async def test_many_parts_do_not_wait_for_ever(scene: Scene, owned: OwnedPartition) -> None:
    parts = [scene.batch(scene.put({"_id": number}), complete=False) for number in range(256)]

    assert await owned.load(parts[:255]) == 0
    assert await owned.load(parts[255:]) == 256


async def test_a_reader_never_sees_half_a_transaction(scene: Scene, owned: OwnedPartition) -> None:
    accounts = [{"_id": key, "amount": 100} for key in range(20)]
    await owned.load([scene.batch(scene.copy(*accounts))])
    sums: list[int] = []

    async def read() -> None:
        async with await scene.client.start_session(snapshot=True) as session:
            database = scene.client[scene.database]
            rows = await database.orders.find({}, session=session).to_list(None)
            sums.append(sum(row["amount"] for row in rows))

    async def read_on() -> None:
        while True:
            await read()

    reading = asyncio.create_task(read_on())
    for turn in range(40):
        giver, taker = turn % 20, (turn + 7) % 20
        accounts[giver]["amount"] -= turn
        accounts[taker]["amount"] += turn
        await owned.load([scene.batch(scene.put(accounts[giver]), complete=False)])
        await owned.load([scene.batch(scene.put(accounts[taker]))])
    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading

    assert len(sums) > 10
    assert set(sums) == {2_000}


async def test_an_emptied_table_begins_anew(scene: Scene, owned: OwnedPartition) -> None:
    await owned.load(
        [scene.batch(scene.put({"_id": 1}, {"_id": 2}), scene.put({"_id": 1}, table="b"))]
    )

    await owned.load(
        [
            scene.batch(scene.put({"_id": 3})),
            scene.batch(scene.put({"_id": 4}), scene.empty(), scene.put({"_id": 5}, {"_id": 1})),
            scene.batch(scene.put({"_id": 6})),
        ]
    )

    assert await scene.rows() == [{"_id": 1}, {"_id": 5}, {"_id": 6}]
    assert await scene.rows("b") == [{"_id": 1}]


async def test_a_large_table_is_emptied_in_bounded_transactions(
    scene: Scene, owned: OwnedPartition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "EMPTIED_AT_ONCE_MAX", 100)
    monkeypatch.setattr(writer, "EMPTIED_PER_TRANSACTION", 40)
    rows: list[Document] = [{"_id": {"a": key, "b": "x"}} for key in range(150)]
    await owned.load([scene.batch(scene.copy(*rows))])

    assert await owned.load([scene.batch(scene.empty(), scene.put(rows[5]))]) == 1

    assert await scene.rows() == [rows[5]]
    (position,) = await scene.documents("positions")
    assert position["touched"] >= 4


def test_rows_of_an_emptied_table_are_inserted() -> None:
    plain = Scene(None, None, "shop")  # type: ignore[arg-type]

    (stage,) = stages_of(
        [
            plain.put({"_id": 1}, {"_id": 2}),
            plain.empty(),
            plain.put({"_id": 1}),
            plain.put({"_id": 3}),
            plain.delete(3),
            plain.put({"_id": 3}),
        ]
    )

    rows = stage.coalesced.tables[plain.table()]
    assert rows.emptied
    assert [operation for operation, _ in rows.states.values()] == [
        Operation.INSERT,
        Operation.PUT,
    ]
