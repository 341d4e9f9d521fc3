"""Every day at 14:00: what the shop did in the last 24 hours, for its staff."""

from datetime import datetime, timedelta
from typing import Any

from service.models import NotificationKind
from service.operations.digest import digest_of
from service.operations.notifications import notify
from service.operations.transactions import in_one_transaction
from service.operations.users import staff_ids

PERIOD = timedelta(days=1)


async def daily_digest(scheduled_for: datetime, low_stock_threshold: int) -> dict[str, Any]:
    """Sum up the day before `scheduled_for`, tell staff once, and return the sums."""
    digest = await digest_of(scheduled_for - PERIOD, scheduled_for, low_stock_threshold)
    result = digest.as_json()

    async def tell() -> int:
        return await notify(
            await staff_ids(),
            NotificationKind.DAILY_DIGEST,
            f"{digest.orders} orders on the last day",
            digest.as_text(),
            result,
            dedupe_prefix=f"daily-digest:{scheduled_for.isoformat()}",
        )

    return result | {"notified": await in_one_transaction(tell)}
