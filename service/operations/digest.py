"""The sums of a period, for staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise.functions import Sum

from service.models import Order, OrderLine, OrderStatus, Product, ProductStatus
from service.money import Money

BEST_SELLERS_MAX = 5
LOW_STOCK_MAX = 20


@dataclass(frozen=True, slots=True)
class Digest:
    """Orders placed, money received, and what that did to the stock."""

    start: datetime
    end: datetime
    orders: int
    revenue: Sequence[Money]
    best_sellers: Sequence[tuple[str, str, int]]
    """Sku, name and pieces."""
    low_stock: Sequence[tuple[str, int]]
    """Sku and pieces left."""

    def as_json(self) -> dict[str, Any]:
        """The form that is stored."""
        return {
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "orders": self.orders,
            "revenue": [{"amount": m.amount, "currency": m.currency} for m in self.revenue],
            "bestSellers": [
                {"sku": sku, "name": name, "pieces": pieces}
                for sku, name, pieces in self.best_sellers
            ],
            "lowStock": [{"sku": sku, "stock": stock} for sku, stock in self.low_stock],
        }

    def as_text(self) -> str:
        """The form that people read."""
        revenue = ", ".join(f"{m.amount} {m.currency}" for m in self.revenue) or "none"
        sold = ", ".join(f"{name} ({pieces})" for _, name, pieces in self.best_sellers) or "none"
        low = ", ".join(f"{sku} ({stock})" for sku, stock in self.low_stock) or "none"
        return f"Revenue: {revenue}\nBest sellers: {sold}\nLow stock: {low}"


async def digest_of(start: datetime, end: datetime, low_stock_threshold: int) -> Digest:
    """Sum up from `start` up to, but not including, `end`. Cancelled orders do not count."""
    placed = Order.filter(placed_at__gte=start, placed_at__lt=end).exclude(
        status=OrderStatus.CANCELLED
    )
    return Digest(
        start=start,
        end=end,
        orders=await placed.count(),
        revenue=await _revenue(start, end),
        best_sellers=await _best_sellers(start, end),
        low_stock=await _low_stock(low_stock_threshold),
    )


async def _revenue(start: datetime, end: datetime) -> list[Money]:
    rows = (
        await Order.filter(paid_at__gte=start, paid_at__lt=end)
        .exclude(status=OrderStatus.CANCELLED)
        .annotate(minor=Sum("total_minor"))
        .group_by("currency")
        .order_by("currency")
        .values_list("currency", "minor")
    )
    return [Money(int(minor), currency) for currency, minor in rows]


async def _best_sellers(start: datetime, end: datetime) -> list[tuple[str, str, int]]:
    rows = (
        await OrderLine.filter(order__placed_at__gte=start, order__placed_at__lt=end)
        .exclude(order__status=OrderStatus.CANCELLED)
        .annotate(pieces=Sum("quantity"))
        .group_by("product_id", "sku", "name")
        .order_by("-pieces", "sku")
        .limit(BEST_SELLERS_MAX)
        .values_list("sku", "name", "pieces")
    )
    return [(sku, name, int(pieces)) for sku, name, pieces in rows]


async def _low_stock(threshold: int) -> list[tuple[str, int]]:
    rows = (
        await Product.filter(status=ProductStatus.ACTIVE, stock__lte=threshold)
        .order_by("stock", "id")
        .limit(LOW_STOCK_MAX)
        .values_list("sku", "stock")
    )
    return [(sku, int(stock)) for sku, stock in rows]
