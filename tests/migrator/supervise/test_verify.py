"""`verify` beside halves that a test plays: who works, what is asked for, and how it ends."""

import asyncio
import io
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from rich.console import Console

from migrator.errors import ConfigurationError, Fenced, HalfFailed
from migrator.model.batch import BatchId
from migrator.model.position import Position
from migrator.model.state import KeyRange, Landed, TableCopy
from migrator.model.table import TableName
from migrator.observe import alive
from migrator.observe.findings import Findings
from migrator.observe.reports import Role
from migrator.settings import Settings
from migrator.state.documents import landed_fields
from migrator.state.store import State
from migrator.state.verification import Request, TableVerification, Verifications
from migrator.supervise import verify as verifying
from migrator.supervise.halves import Half, Line
from migrator.supervise.wish import Wish
from servers.mongodb import MongoDB
from servers.process import exclusive

ORDERS, USERS = TableName("shop", "orders"), TableName("shop", "users")
TIMEOUT_S = 15


@dataclass(frozen=True)
class Scene:
    """The state of a migration with two tables, whose halves a test plays."""

    settings: Settings
    state: State

    @property
    def verifications(self) -> Verifications:
        return Verifications(self.state)

    async def verify(self, wish: Wish | None = None, of_halves: Settings | None = None) -> Findings:
        console = Console(file=io.StringIO())
        async with asyncio.timeout(TIMEOUT_S):
            return await verifying.verify(
                self.settings, wish or Wish(), console, lambda: of_halves or self.settings
            )

    async def asked(self, *, since: str = "") -> Request:
        """The open request, once there is one."""
        async with asyncio.timeout(TIMEOUT_S):
            while (request := await self.verifications.request()) is None or request.id == since:
                await asyncio.sleep(0.02)
        return request

    async def compared(self, request: Request, *tables: TableName, **counts: int) -> None:
        for table in tables:
            found = TableVerification(table, request.id, done=True)
            await self.verifications.save(replace(found, **counts))  # type: ignore[arg-type]

    @asynccontextmanager
    async def reporting(self, *roles: Role) -> AsyncIterator[None]:
        """These halves report, as long as the block runs."""

        has_begun, has_ended = asyncio.Event(), asyncio.Event()

        async def keep() -> None:
            while not has_ended.is_set():
                for role in roles:
                    await self.state.report(role, {"pid": 1})
                has_begun.set()
                await asyncio.sleep(0.05)

        reports = asyncio.create_task(keep())
        await has_begun.wait()
        try:
            yield
        finally:
            has_ended.set()
            await reports
            await self.state.collection("processes").delete_many({})


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    with exclusive():
        target_url = MongoDB().start()
    name = f"_verify_{secrets.token_hex(4)}"
    nowhere = {"source_url": "mysql://x@127.0.0.1:1/", "broker_url": "amqp://127.0.0.1:1/"}
    settings = Settings(target_url=target_url, state_database=name, databases=("shop",), **nowhere)  # type: ignore[arg-type]
    async with State.connect(settings, "test") as state:
        landed = landed_fields(Landed(0, BatchId(1, 0), Position()))
        await state.positions.insert_one({"_id": 0, **landed})
        for table in ORDERS, USERS:
            await state.save_table(TableCopy(table, 0, 1, 5, (KeyRange(done=True),)))
        yield Scene(settings, state)
        await state.positions.database.client.drop_database(name)


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


HALVES: list[Half] = []


@pytest.fixture
def halves(monkeypatch: pytest.MonkeyPatch) -> list[Half]:
    """Halves that do nothing; the list has those that were started."""
    HALVES.clear()

    def half(role: Role, environment: Mapping[str, str], line: Line) -> Half:
        HALVES.append(
            Half(role, (sys.executable, "-c", "import time; time.sleep(60)"), environment, line)
        )
        return HALVES[-1]

    monkeypatch.setattr(verifying, "half_of_this_program", half)
    return HALVES


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


async def test_without_a_migration_there_is_nothing_to_verify(
    scene: Scene, halves: list[Half]
) -> None:
    await scene.state.positions.delete_many({})

    with pytest.raises(ConfigurationError, match="No migration is recorded in"):
        await scene.verify()

    assert halves == []
