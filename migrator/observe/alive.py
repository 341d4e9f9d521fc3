"""Which halves are running, seen from outside: by their reports."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from migrator.observe.reports import Role
from migrator.state.store import State

ALIVE = timedelta(seconds=15)
"""A report that is older comes from a process that has ended or hangs."""
POLL_S = 0.2


def is_fresh(report: Mapping[str, Any]) -> bool:
    """Whether there is a report, and its process may be alive."""
    return bool(report) and bool(datetime.now(UTC) - report["at"] < ALIVE)


async def running(state: State) -> frozenset[Role]:
    """The halves that are at work: each has reported since this was called.

    A process that ends withdraws its report. One that was killed leaves it behind, so a report
    that is fresh and does not change is waited for until it is old.
    """
    first = await state.reports()
    while True:
        now = await state.reports()
        fresh = {role for role in Role if is_fresh(now.get(role, {}))}
        moved = {role for role in fresh if now[role]["at"] != first.get(role, {}).get("at")}
        if moved == fresh:
            return frozenset(moved)
        await asyncio.sleep(POLL_S)
