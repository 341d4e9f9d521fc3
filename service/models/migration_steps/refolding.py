"""Folding the searchable copies of products by the present rule."""

from tortoise.transactions import in_transaction

from service.models.product import Product
from service.text.folding import folded

BATCH_ROWS = 500


async def fold_products_again(_apps: object, _editor: object) -> None:
    """Fold every product again, in transactions of `BATCH_ROWS`; a second run changes nothing."""
    last_id = 0
    columns = ("id", "name", "sku", "description", "search_text")
    while True:
        batch = Product.filter(id__gt=last_id).order_by("id").limit(BATCH_ROWS)
        rows = await batch.values_list(*columns)
        if not rows:
            return
        async with in_transaction():
            for row_id, name, sku, description, before in rows:
                after = folded(name, sku, description)
                if after != before:
                    # Unless the product was changed, and thereby folded, in the meantime.
                    same = Product.filter(id=row_id, search_text=before)
                    await same.update(search_text=after)
        last_id = rows[-1][0]
