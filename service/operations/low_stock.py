"""Telling staff, once, about each product that ran low."""

from service.clock import utc_now
from service.models import NotificationKind, Product, ProductStatus
from service.operations.notifications import notify
from service.operations.transactions import in_one_transaction
from service.operations.users import staff_ids


async def report_low_stock(threshold: int, limit: int) -> int:
    """Report up to `limit` active products with at most `threshold` pieces; return how many.

    A product is reported again only after its stock was above the threshold meanwhile.
    """

    async def work() -> int:
        now = utc_now()
        await Product.filter(stock__gt=threshold, low_stock_notified_at__isnull=False).update(
            low_stock_notified_at=None
        )
        low = (
            await Product.filter(
                status=ProductStatus.ACTIVE,
                stock__lte=threshold,
                low_stock_notified_at__isnull=True,
            )
            .order_by("id")
            .limit(limit)
        )
        if not low:
            return 0
        await Product.filter(id__in=[product.id for product in low]).update(
            low_stock_notified_at=now
        )
        await notify(
            await staff_ids(),
            NotificationKind.LOW_STOCK,
            f"{len(low)} products ran low" if len(low) > 1 else f"{low[0].name[:180]} ran low",
            "\n".join(f"{product.sku}: {product.stock}" for product in low),
            {"products": [{"sku": product.sku, "stock": product.stock} for product in low]},
        )
        return len(low)

    return await in_one_transaction(work)
