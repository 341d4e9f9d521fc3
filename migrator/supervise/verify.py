"""`verify`: hands the work to the halves, or starts both, and watches until all is compared."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from math import inf

from rich.console import Console

from migrator.errors import ConfigurationError, Fenced, HalfFailed, TargetUnavailable
from migrator.exit_codes import Exit
from migrator.model.state import TableCopy
from migrator.model.table import TableName
from migrator.observe.alive import is_fresh, running
from migrator.observe.findings import Findings, findings_of
from migrator.observe.reports import Role
from migrator.observe.verification import VerificationScreen
from migrator.runtime.tasks import run_until_first_end
from migrator.settings import Settings
from migrator.state.store import State
from migrator.state.verification import Request, Verifications
from migrator.supervise.halves import half_of_this_program
from migrator.supervise.wish import Wish, check_scope

TICK_S = 0.5
GONE_S = 15.0
"""For how long neither half may report; a half that is started again needs some seconds."""
WITHDRAW_S = 5.0


async def verify(
    settings: Settings, wish: Wish, console: Console, of_halves: Callable[[], Settings]
) -> Findings:
    """Compare what is wished for, and return what was found.

    If nothing runs, both halves are started with the settings `of_halves` and stopped at the
    end. Raises `ConfigurationError` for what cannot be asked for, `HalfFailed` and `Fenced`.
    """
    async with State.connect(settings, "verify") as state:
        with VerificationScreen(console) as screen:
            watch = Watch(settings, state, wish, screen)
            if not await state.landed():
                raise ConfigurationError(
                    f"No migration is recorded in {settings.state_database} yet. `python -m "
                    "migrator run` begins one."
                )
            wish.chosen(settings, await state.tables())  # Before anything is started.
            if await running(state):
                return await watch.run(GONE_S)
            return await _with_halves(of_halves(), state, screen, watch)


async def _with_halves(
    settings: Settings, state: State, screen: VerificationScreen, watch: "Watch"
) -> Findings:
    check_scope(settings, await state.tables())
    environment = settings.environment()
    capture, apply = (half_of_this_program(role, environment, screen.line) for role in Role)
    found: list[Findings] = []

    async def watching() -> None:
        # Whoever keeps the halves also knows when to give up on them.
        found.append(await watch.run(inf))

    await run_until_first_end(watching=watching(), capture=capture.keep(), apply=apply.keep())
    return found[0]


class Watch:
    """Asks for a verification, looks how far it is, and withdraws it at the end.

    What was compared stays, so that the same wish goes on where it was.
    """

    def __init__(
        self, settings: Settings, state: State, wish: Wish, screen: VerificationScreen
    ) -> None:
        self._settings = settings
        self._state = state
        self._wish = wish
        self._screen = screen
        self._verifications = Verifications(state)
        self._reported_at = time.monotonic()
        self._patience_s = GONE_S

    async def run(self, patience_s: float) -> Findings:
        """Return what was found when everything is compared.

        Raises `HalfFailed` when neither half has reported for so long.
        """
        self._patience_s = patience_s
        while (waits_for := await self._missing()) and Role.CAPTURE in waits_for:
            self._screen.show(Findings(time.monotonic(), ()), waits_for)
            await asyncio.sleep(TICK_S)
        copies = self._wish.chosen(self._settings, await self._state.tables())
        estimates = {copy.table: await self._estimated(copy) for copy in copies}
        request = await self._ask(copies)
        try:
            return await self._until_done(request, estimates)
        finally:
            with suppress(TargetUnavailable, TimeoutError):
                async with asyncio.timeout(WITHDRAW_S):
                    await self._verifications.withdraw(request.id)

    async def _until_done(self, request: Request, estimates: Mapping[TableName, int]) -> Findings:
        while True:
            with suppress(TargetUnavailable):  # The halves wait for it, too.
                found = await self._look(request, estimates)
                if found.is_done:
                    return found
                self._screen.show(found, await self._missing())
                await self._check(request)
            await asyncio.sleep(TICK_S)

    async def _ask(self, copies: Sequence[TableCopy]) -> Request:
        """Ask for what the last request left, if that wished for the same; else for all."""
        tables = tuple(copy.table for copy in copies if not copy.left_out)
        wish, last = self._wish, await self._verifications.last()
        request = Request(
            secrets.token_hex(8), tables, wish.repair, wish.hide_values, wish.rows_per_second
        )
        if last is not None and wish.is_that_of(last, tables):
            begun = await self._verifications.tables(last.id)
            is_over = {one.table for one in begun if one.done or one.why_not} == set(tables)
            request = request if is_over else replace(request, id=last.id)
        await self._verifications.ask(request)
        return request

    async def _look(self, request: Request, estimates: Mapping[TableName, int]) -> Findings:
        verified = {one.table: one for one in await self._verifications.tables(request.id)}
        copies = {copy.table: copy for copy in await self._state.tables()}
        return Findings(
            time.monotonic(),
            tuple(
                findings_of(copies[table], verified.get(table), estimated)
                for table, estimated in estimates.items()
            ),
        )

    async def _missing(self) -> list[Role]:
        """The halves that do not run now. Raises `HalfFailed` when neither has for long."""
        reports = await self._state.reports()
        missing = [role for role in Role if not is_fresh(reports.get(role, {}))]
        if len(missing) < len(Role):
            self._reported_at = time.monotonic()
        elif time.monotonic() - self._reported_at > self._patience_s:
            raise HalfFailed(
                "The run that compared has ended. Start `verify` again: it goes on where it was.",
                Exit.FAILED,
            )
        return missing

    async def _check(self, request: Request) -> None:
        """Raise `Fenced` if another `verify` has replaced this one's request."""
        now = await self._verifications.request()
        if now is None or now.id != request.id:
            raise Fenced(
                "Another `verify` of this migration has begun, and this one has ended: one "
                "compares at a time."
            )

    async def _estimated(self, copy: TableCopy) -> int:
        collection = self._state.target.collections.collection_of(copy.table)
        return await self._state.target.estimated_documents(collection)
