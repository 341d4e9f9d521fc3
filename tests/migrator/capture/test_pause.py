"""What may wait for others between two transactions, while the stream waits for it."""

import asyncio

import pytest

from tests.migrator.capture.test_timeline import Scene, T, turn


@pytest.mark.parametrize("is_open", [True, False], ids=["a transaction is open", "none is open"])
async def test_a_pause_begins_between_two_transactions_and_the_stream_waits_until_it_ends(
    *, is_open: bool
) -> None:
    scene = Scene()
    steps: list[str] = []
    end = asyncio.Event()

    async def pause() -> None:
        async with scene.timeline.pause():
            steps.append("paused")
            await end.wait()
            steps.append("resumed")

    async def give_way() -> None:
        await scene.timeline.give_way()
        steps.append("went on")

    if is_open:
        scene.begin(T, 1)
    pausing = asyncio.create_task(pause())
    await turn()
    if is_open:
        scene.commit()
    await turn()
    assert steps == []  # No event has come that could make the stream give way.

    giving_way = asyncio.create_task(give_way())
    await turn()
    assert steps == ["paused"]
    end.set()
    await asyncio.gather(pausing, giving_way)

    assert steps == ["paused", "resumed", "went on"]
