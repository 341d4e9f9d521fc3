"""Any sequence of batches, repeated, redelivered and lost, against a dictionary."""

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrator.load.partition import OwnedPartition
from migrator.model.batch import Batch
from migrator.model.rows import TableChanges
from tests.migrator.load.conftest import scene_at
from tests.migrator.load.scene import Scene

keys = st.integers(0, 4)
writes: st.SearchStrategy[tuple[str, list[int]]] = st.one_of(
    st.tuples(st.sampled_from(["put", "copy"]), st.lists(keys, min_size=1, max_size=3)),
    st.tuples(st.just("delete"), st.lists(keys, min_size=1, max_size=3)),
    st.tuples(st.just("empty"), st.just([])),
)
transactions = st.lists(st.lists(writes, max_size=3), min_size=1, max_size=3)
deliveries = st.lists(
    st.tuples(st.sampled_from(["deliver", "repeat", "lose", "restart", "reopen"]), transactions),
    min_size=1,
    max_size=12,
)


class Source:
    """Transactions as they were committed, and what the table holds after each."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.model: dict[int, int] = {}
        self.committed: list[list[list[tuple[str, list[int], int]]]] = []
        self.counter = 0

    def commit(self, parts: list[list[tuple[str, list[int]]]]) -> None:
        numbered: list[list[tuple[str, list[int], int]]] = []
        for part in parts:
            numbered.append([])
            for operation, named in part:
                self.counter += 1
                numbered[-1].append((operation, named, self.counter))
                self._apply(operation, named)
        self.committed.append(numbered)

    def _apply(self, operation: str, named: list[int]) -> None:
        if operation == "empty":
            self.model.clear()
        for key in named:
            if operation == "delete":
                self.model.pop(key, None)
            else:
                self.model[key] = self.counter

    def batches(self, transaction: int) -> list[Batch]:
        parts = self.committed[transaction]
        return [
            self.scene.batch(*(self._changes(*write) for write in part), complete=part is parts[-1])
            for part in parts
        ]

    def _changes(self, operation: str, named: list[int], number: int) -> TableChanges:
        rows: list[dict[str, Any]] = [{"_id": key, "n": number} for key in named]
        match operation:
            case "put":
                return self.scene.put(*rows)
            case "copy":
                return self.scene.copy(*rows)
            case "delete":
                return self.scene.delete(*named)
            case _:
                return self.scene.empty()


async def act(scene: Scene, owned: OwnedPartition, script: list[tuple[str, Any]]) -> None:
    source = Source(scene)
    unacknowledged: list[Batch] = []

    async def hand_over(batches: list[Batch]) -> None:
        unacknowledged.extend(batches)
        settled = await owned.load(batches)
        assert settled <= len(unacknowledged)
        del unacknowledged[:settled]

    async def recover() -> None:
        """Capture sends everything that did not land, in a new epoch."""
        landed = await scene.begin()
        for transaction in range(landed.transactions, len(source.committed)):
            await hand_over(source.batches(transaction))

    for deed, parts in script:
        source.commit(parts)
        batches = source.batches(len(source.committed) - 1)
        if deed == "lose":
            batches = batches[1:]
        elif deed == "repeat":
            batches = scene.made[-len(batches) - 2 : -len(batches)] + batches + batches
        elif deed == "restart":
            await recover()
            continue
        elif deed == "reopen":
            owned = await scene.own()
            redelivered, unacknowledged[:] = list(unacknowledged), []
            await hand_over(redelivered)
        await hand_over(batches)
        if (await scene.landed()).gap is not None:
            await recover()

    await recover()
    assert unacknowledged == []
    assert {row["_id"]: row["n"] for row in await scene.rows()} == source.model
    landed = await scene.landed()
    assert (landed.transactions, landed.gap) == (len(source.committed), None)
    assert landed.batch.epoch == scene.epoch


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(script=deliveries)
def test_what_lands_is_what_was_committed(shared_url: str, script: list[tuple[str, Any]]) -> None:
    async def play() -> None:
        async with scene_at(shared_url) as scene:
            await act(scene, await scene.own(), script)

    asyncio.run(play())
