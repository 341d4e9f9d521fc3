"""Every day at 14:00: the last day of the shop, for its staff."""

from datetime import timedelta
from typing import Any

from service.cron.ticks import Tick
from service.operations.digest import send_daily_digest


async def daily_digest(tick: Tick, low_stock_threshold: int) -> dict[str, Any]:
    """Send the digest of the day before the tick; a repeat sends nothing twice."""
    until = tick.scheduled_for.astimezone(tick.time_zone)
    # By the wall clock: 23 or 25 hours if the zone changed its clocks, as between the ticks.
    since = until - timedelta(days=1)
    digest, notified = await send_daily_digest(
        since,
        until,
        low_stock_threshold,
        dedupe_prefix=f"daily-digest:{tick.scheduled_for.isoformat()}",
    )
    return digest.as_json() | {"notified": notified}
