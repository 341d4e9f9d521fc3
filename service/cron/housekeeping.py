"""Every 20 minutes: orders that were not paid in time, and products that run low."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from service.accounts.attempts import forget_attempts
from service.cron.ticks import Tick
from service.operations.low_stock import forget_recovered, report_low_stock
from service.operations.orders import cancel_unpaid_orders

BATCH_ROWS_MAX = 100
BATCHES_MAX = 100
"""Rows that are left after this many batches wait for the next tick."""


async def housekeeping(
    tick: Tick, payment_window: timedelta, low_stock_threshold: int
) -> dict[str, Any]:
    """Do all the work in small transactions; a repeat does only what is left."""
    placed_before = tick.scheduled_for - payment_window

    async def cancel() -> int:
        return len(await cancel_unpaid_orders(placed_before, BATCH_ROWS_MAX))

    async def forget() -> int:
        return await forget_recovered(low_stock_threshold, BATCH_ROWS_MAX)

    async def report() -> int:
        return len(await report_low_stock(low_stock_threshold))

    return {
        "attemptsForgotten": await _in_batches(lambda: forget_attempts(BATCH_ROWS_MAX)),
        "ordersCancelled": await _in_batches(cancel),
        "productsRecovered": await _in_batches(forget),
        "productsReportedLow": await _in_batches(report),
    }


async def _in_batches(batch: Callable[[], Awaitable[int]]) -> int:
    """Repeat until a batch finds nothing to do; return how many rows were changed."""
    total = 0
    for _ in range(BATCHES_MAX):
        done = await batch()
        if not done:
            break
        total += done
    return total
