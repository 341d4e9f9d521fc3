"""The sums of one day, and sending them to staff."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from tortoise.functions import Count, Sum

from service.database.faults import is_transient_or_duplicate
from service.database.transactions import in_one_transaction
from service.models import NotificationKind, Order, OrderLine, OrderStatus
from service.money import Money
from service.operations.low_stock import low_products
from service.operations.notifications import notify
from service.operations.users import staff_ids

BEST_SELLERS_MAX = 5
LOW_STOCK_MAX = 10


@dataclass(frozen=True, slots=True)
class ProductCount:
    """A number of pieces of a product."""

    sku: str
    name: str
    quantity: int

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku} ({self.name})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What happened from `since` to just before `until`, and the low stock now.

    An order counts as placed on the day it was placed, and as paid, with its revenue
    and its pieces, on the day it was paid, unless it has been cancelled since.
    """

    since: datetime
    until: datetime
    placed: int
    cancelled: int
    """How many of the placed orders were cancelled."""
    paid: int
    revenue: tuple[Money, ...]
    best_sellers: tuple[ProductCount, ...]
    low_stock: tuple[ProductCount, ...]
    """The products with the fewest pieces left; `low_stock_count` counts all of them."""
    low_stock_count: int

    def title(self) -> str:
        """One line, with the day on which it ends."""
        return f"Daily digest of {self.until:%Y-%m-%d}"

    def body(self) -> str:
        """Plain text for people."""
        revenue = ", ".join(f"{money.amount} {money.currency}" for money in self.revenue)
        lines = [
            f"{self.since:%Y-%m-%d %H:%M} to {self.until:%Y-%m-%d %H:%M %Z}",
            f"Orders: {self.placed} placed ({self.cancelled} of them cancelled), {self.paid} paid",
            f"Revenue: {revenue or 'none'}",
            f"Best sellers: {', '.join(map(str, self.best_sellers)) or 'none'}",
            f"Low stock: {', '.join(map(str, self.low_stock)) or 'none'}",
        ]
        more = self.low_stock_count - len(self.low_stock)
        return "\n".join(lines) + (f", and {more} more" if more else "")

    def as_json(self) -> dict[str, Any]:
        """The same as JSON."""
        return {
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "placedOrders": self.placed,
            "cancelledOrders": self.cancelled,
            "paidOrders": self.paid,
            "revenue": [{"amount": m.amount, "currency": m.currency} for m in self.revenue],
            "bestSellers": [asdict(product) for product in self.best_sellers],
            "lowStock": [asdict(product) for product in self.low_stock],
            "lowStockCount": self.low_stock_count,
        }


async def send_daily_digest(
    since: datetime, until: datetime, low_stock_threshold: int, dedupe_prefix: str
) -> tuple[Digest, int]:
    """Sum up the time from `since` to `until` and notify staff, in one transaction.

    Returns the digest and how many were notified: staff who already have it under the same
    prefix are not notified again.
    """

    async def work() -> tuple[Digest, int]:
        digest = await _sum_up(since, until, low_stock_threshold)
        notified = await notify(
            await staff_ids(),
            NotificationKind.DAILY_DIGEST,
            digest.title(),
            digest.body(),
            digest.as_json(),
            dedupe_prefix=dedupe_prefix,
        )
        return digest, notified

    return await in_one_transaction(work, again_if=is_transient_or_duplicate)


async def _sum_up(since: datetime, until: datetime, low_stock_threshold: int) -> Digest:
    start, end = since.astimezone(UTC), until.astimezone(UTC)
    placed = Order.filter(placed_at__gte=start, placed_at__lt=end)
    low = low_products(low_stock_threshold)
    paid, revenue = await _sales(start, end)
    lowest = await low.order_by("stock", "id").limit(LOW_STOCK_MAX)
    return Digest(
        since=since,
        until=until,
        placed=await placed.count(),
        cancelled=await placed.filter(status=OrderStatus.CANCELLED).count(),
        paid=paid,
        revenue=revenue,
        best_sellers=await _best_sellers(start, end),
        low_stock=tuple(ProductCount(p.sku, p.name, p.stock) for p in lowest),
        low_stock_count=await low.count(),
    )


async def _sales(start: datetime, end: datetime) -> tuple[int, tuple[Money, ...]]:
    by_currency = (
        Order.filter(paid_at__gte=start, paid_at__lt=end)
        .exclude(status=OrderStatus.CANCELLED)
        .annotate(orders=Count("id"), revenue=Sum("total_minor"))
        .group_by("currency")
        .order_by("currency")
        .values("currency", "orders", "revenue")
    )
    rows = await by_currency
    # MySQL sums integers to a decimal.
    revenue = tuple(Money(int(row["revenue"]), row["currency"]) for row in rows)
    return sum(row["orders"] for row in rows), revenue


async def _best_sellers(start: datetime, end: datetime) -> tuple[ProductCount, ...]:
    pieces = (
        OrderLine.filter(order__paid_at__gte=start, order__paid_at__lt=end)
        .exclude(order__status=OrderStatus.CANCELLED)
        .annotate(pieces=Sum("quantity"))
        .group_by("product_id", "product__sku", "product__name")
        .order_by("-pieces", "product_id")
        .limit(BEST_SELLERS_MAX)
        .values("product__sku", "product__name", "pieces")
    )
    return tuple(
        ProductCount(row["product__sku"], row["product__name"], int(row["pieces"]))
        for row in await pieces
    )
