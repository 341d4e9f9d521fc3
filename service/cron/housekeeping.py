"""Every 20 minutes: unpaid orders are cancelled, and low stock is reported."""

from datetime import datetime, timedelta
from typing import Any

from service.operations.low_stock import report_low_stock
from service.operations.orders import cancel_unpaid_orders

BATCH_ROWS_MAX = 100
BATCHES_MAX = 100
"""What one run leaves over, the next one takes; the bound keeps runs from overlapping."""


async def housekeeping(
    scheduled_for: datetime, payment_window: timedelta, low_stock_threshold: int
) -> dict[str, Any]:
    """Cancel orders that were placed longer than the window ago, and report low stock."""
    cancelled = 0
    for _ in range(BATCHES_MAX):
        batch = await cancel_unpaid_orders(scheduled_for - payment_window, BATCH_ROWS_MAX)
        cancelled += len(batch)
        if not batch:
            break
    reported = 0
    for _ in range(BATCHES_MAX):
        products = await report_low_stock(low_stock_threshold, BATCH_ROWS_MAX)
        reported += products
        if products < BATCH_ROWS_MAX:
            break
    return {"ordersCancelled": cancelled, "productsReportedLow": reported}
