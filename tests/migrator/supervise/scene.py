"""The state of a migration whose halves a test plays, and a `verify` beside them."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from rich.console import Console

from migrator.model.table import TableName
from migrator.observe.findings import Findings
from migrator.observe.reports import Role
from migrator.settings import Settings
from migrator.state.store import State
from migrator.state.verification import Request, TableVerification, Verifications
from migrator.supervise import verify as verifying
from migrator.supervise.wish import Wish

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
