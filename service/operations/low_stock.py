"""Notifying staff of products that run low: once each, until the stock has recovered."""

from tortoise.queryset import QuerySet

from service.clock import utc_now
from service.database.transactions import in_one_transaction
from service.models import NotificationKind, Product, ProductStatus
from service.operations.notifications import notify
from service.operations.users import staff_ids

PRODUCTS_PER_MESSAGE_MAX = 20


def low_products(threshold: int) -> QuerySet[Product]:
    """The products on sale of which at most `threshold` pieces are left."""
    return Product.filter(status=ProductStatus.ACTIVE, stock__lte=threshold)


async def report_low_stock(threshold: int) -> list[Product]:
    """Notify each staff user of up to `PRODUCTS_PER_MESSAGE_MAX` products that ran low.

    The mark on the products and the messages are one transaction, so each product is
    reported once, however often this is called. Without staff nothing is marked.
    """
    unreported = low_products(threshold).filter(low_stock_notified_at__isnull=True)
    # Found without locks first, so that only the rows to be marked are locked.
    ids = await _first_ids(unreported, PRODUCTS_PER_MESSAGE_MAX)
    staff = await staff_ids() if ids else []
    if not staff:
        return []

    async def work() -> list[Product]:
        low = await unreported.filter(id__in=ids).order_by("id").select_for_update()
        if not low:
            return []
        marked = Product.filter(id__in=[product.id for product in low])
        await marked.update(low_stock_notified_at=utc_now())
        title = f"{low[0].sku} runs low" if len(low) == 1 else f"{len(low)} products run low"
        body = "\n".join(f"{p.sku} ({p.name}): {p.stock} left" for p in low)
        data = {"products": [{"sku": p.sku, "name": p.name, "stock": p.stock} for p in low]}
        await notify(staff, NotificationKind.LOW_STOCK, title, body, data)
        return low

    return await in_one_transaction(work)


async def forget_recovered(threshold: int, limit: int) -> int:
    """Unmark up to `limit` reported products whose stock is above the threshold again."""
    recovered = Product.filter(low_stock_notified_at__isnull=False, stock__gt=threshold)
    ids = await _first_ids(recovered, limit)
    return await recovered.filter(id__in=ids).update(low_stock_notified_at=None) if ids else 0


async def _first_ids(query: QuerySet[Product], limit: int) -> list[int]:
    return [product.id for product in await query.order_by("id").limit(limit).only("id")]
