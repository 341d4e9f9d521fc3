"""`verify` beside halves that a test plays: who works, what is asked for, and how it ends."""

import asyncio
from dataclasses import replace

import pytest

from migrator.errors import ConfigurationError, Fenced, HalfFailed
from migrator.model.state import TableCopy
from migrator.observe.findings import Findings
from migrator.observe.reports import Role
from migrator.state.verification import Request
from migrator.supervise import verify as verifying
from migrator.supervise.wish import Wish
from tests.migrator.supervise.scene import ORDERS, USERS, Scene


async def stopped(verification: "asyncio.Task[Findings]") -> None:
    verification.cancel()
    with pytest.raises(asyncio.CancelledError):
        await verification


async def test_halves_that_run_are_asked_and_what_they_found_is_returned(scene: Scene) -> None:
    async with scene.reporting(*Role):
        verification = asyncio.create_task(scene.verify(Wish(rows_per_second=7)))
        request = await scene.asked()
        await scene.compared(request, ORDERS, compared=3, equal=2, missing=1)
        await asyncio.sleep(1)
        assert not verification.done()  # One table is left.
        await scene.compared(request, USERS, compared=2, equal=2)
        found = await verification

    assert request == Request(request.id, (ORDERS, USERS), rows_per_second=7)
    assert [(one.table, one.compared, one.missing) for one in found.tables] == [
        (ORDERS, 3, 1),
        (USERS, 2, 0),
    ]
    assert await scene.verifications.request() is None


async def test_stopped_and_started_again_it_goes_on_where_it_was(scene: Scene) -> None:
    async with scene.reporting(*Role):
        verification = asyncio.create_task(scene.verify())
        first = await scene.asked()
        await scene.compared(first, ORDERS, compared=3, equal=3)
        await stopped(verification)
        assert await scene.verifications.request() is None

        verification = asyncio.create_task(scene.verify(Wish(rows_per_second=9)))
        second = await scene.asked()
        await scene.compared(second, USERS)
        found = await verification

    assert second == replace(first, rows_per_second=9)
    assert found.total.compared == 3


@pytest.mark.parametrize(
    "wish",
    [Wish(repair=True), Wish(hide_values=True), Wish(tables=("shop.orders",))],
    ids=["repair", "hide values", "fewer tables"],
)
async def test_another_wish_begins_anew(scene: Scene, wish: Wish) -> None:
    async with scene.reporting(*Role):
        verification = asyncio.create_task(scene.verify())
        first = await scene.asked()
        await scene.compared(first, ORDERS)
        await stopped(verification)

        verification = asyncio.create_task(scene.verify(wish))
        second = await scene.asked()
        assert second.id != first.id
        assert await scene.verifications.tables(second.id) == ()
        await stopped(verification)


async def test_what_was_compared_to_its_end_begins_anew(scene: Scene) -> None:
    async with scene.reporting(*Role):
        verification = asyncio.create_task(scene.verify())
        first = await scene.asked()
        await scene.compared(first, ORDERS, USERS)
        await verification

        verification = asyncio.create_task(scene.verify())
        assert (await scene.asked()).id != first.id
        await stopped(verification)


async def test_a_second_verify_ends_the_first(scene: Scene) -> None:
    async with scene.reporting(*Role):
        first = asyncio.create_task(scene.verify())
        request = await scene.asked()
        second = asyncio.create_task(scene.verify(Wish(databases=("shop",), repair=True)))

        with pytest.raises(Fenced, match="Another `verify` of this migration has begun"):
            await first

        later = await scene.asked(since=request.id)
        assert later.repair
        await stopped(second)


async def test_a_half_that_does_not_run_is_waited_for(scene: Scene) -> None:
    async with scene.reporting(Role.APPLY):
        verification = asyncio.create_task(scene.verify())
        await asyncio.sleep(1)
        assert await scene.verifications.request() is None
    async with scene.reporting(*Role):
        await scene.compared(await scene.asked(), ORDERS, USERS)
        await verification


async def test_a_run_that_ends_meanwhile_ends_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "GONE_S", 0.5)
    async with scene.reporting(*Role):
        verification = asyncio.create_task(scene.verify())
        await scene.asked()

    with pytest.raises(HalfFailed, match="goes on where it was"):
        await verification


@pytest.mark.parametrize(
    ("wish", "name"),
    [(Wish(databases=("crm",)), "crm"), (Wish(tables=("shop.x",)), "shop.x")],
    ids=["database", "table"],
)
async def test_what_the_migration_does_not_know_is_refused(
    scene: Scene, wish: Wish, name: str
) -> None:
    async with scene.reporting(*Role):
        with pytest.raises(ConfigurationError) as refused:
            await scene.verify(wish)

    assert str(refused.value) == (
        f"The migration in {scene.settings.state_database} does not know {name}. "
        "`python -m migrator status` lists its tables."
    )


async def test_a_table_that_is_left_out_is_not_asked_for_and_not_equal(scene: Scene) -> None:
    await scene.state.save_table(TableCopy(USERS, 0, 1, 5, (), left_out="It has no key."))
    async with scene.reporting(*Role):
        verification = asyncio.create_task(scene.verify())
        request = await scene.asked()
        await scene.compared(request, ORDERS)
        found = await verification

    assert request.tables == (ORDERS,)
    assert found.tables[1].obstacle == "It is left out: It has no key."
    assert not found.is_equal
