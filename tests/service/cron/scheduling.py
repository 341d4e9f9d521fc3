"""What the tests of the scheduler share: a clock to set, and jobs that note their runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from service.cron.runner import CronRunner, Timing
from service.cron.schedule import CatchUp, Job
from service.cron.ticks import Tick
from service.database.connect import connected
from service.database.upgrade import upgrade
from service.models import JobOutcome, JobRun

UTC_ZONE = ZoneInfo("UTC")
NINE = datetime(2025, 6, 2, 9, tzinfo=UTC)
TWENTY_MINUTES = timedelta(minutes=20)


@dataclass
class Clock:
    """Stands still until it is set."""

    now: datetime = NINE

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Bell:
    """A job that notes for which ticks it was run; `then` is what it does after that."""

    ticks: list[datetime] = field(default_factory=list)
    then: Callable[[], Awaitable[Any]] | None = None

    async def __call__(self, tick: Tick) -> dict[str, Any]:
        self.ticks.append(tick.scheduled_for)
        if self.then is not None:
            await self.then()
        return {"ran": len(self.ticks)}


@dataclass
class Gate:
    """A job that says when it has begun, and waits until it is let go."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, _tick: Tick) -> dict[str, Any]:
        self.begun.set()
        await self.opened.wait()
        return {}


def job(run: Callable[[Tick], Awaitable[dict[str, Any]]], **changes: Any) -> Job:
    """A job of every twenty minutes."""
    values: dict[str, Any] = {
        "name": "bell", "spec": "*/20 * * * *", "run": run, "catch_up": CatchUp.NONE,
        "timeout_s": 10, "description": "Rings.",
    }  # fmt: skip
    return Job(**(values | changes))


def runner(clock: Callable[[], datetime], *jobs: Job, **timing: float) -> CronRunner:
    """A scheduler in UTC with a clock of the test's own."""
    return CronRunner(jobs, UTC_ZONE, clock, Timing(**timing))


@asynccontextmanager
async def shop_in(folder: Path, sqlite_template: Path) -> AsyncIterator[None]:
    """Connect to an empty SQLite database, which need not survive the machine."""
    if not sqlite_template.exists():
        await upgrade(f"sqlite://{sqlite_template}")
    copy = folder / "shop.db"
    copy.write_bytes(sqlite_template.read_bytes())
    async with connected(f"sqlite://{copy}?synchronous=OFF"):
        yield


async def ledger() -> list[tuple[str, str, int]]:
    """The time, outcome and attempt of each row, in the order of their ticks."""
    rows = await JobRun.all().order_by("scheduled_for")
    return [(f"{row.scheduled_for:%H:%M}", row.outcome.value, row.attempt) for row in rows]


async def eventually(outcome: JobOutcome, rows: int = 1, timeout_s: float = 10) -> None:
    """Wait until so many rows of the ledger have the outcome."""
    async with asyncio.timeout(timeout_s):
        while await JobRun.filter(outcome=outcome).count() < rows:
            await asyncio.sleep(0.01)
