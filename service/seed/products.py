"""Seeded products with their reviews, and the ratings that follow from these."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from service.models import Product, ProductStatus, Review, ReviewStatus
from service.operations.rules.slugs import slug_of, slug_with
from service.seed.people import HISTORY_DAYS, OLDEST_DAYS, Ids, Row, Rows, moment
from service.seed.texts import EMOJI, REVIEWS, SHELVES, Prices
from service.text.folding import folded

PRODUCT_REVIEWS_MAX = 12


def make_products(
    rng: Random, until: datetime, ids: Ids, batch: range, users: Sequence[int]
) -> Rows:
    """Products with their reviews, so that a rating and what it counts are one transaction."""
    rows: Rows = {Product: [], Review: []}
    for index in batch:
        # Every twentieth is a draft, as many are archived; the first can always be ordered.
        special = {7: ProductStatus.DRAFT, 13: ProductStatus.ARCHIVED}
        status = special.get(index % 20, ProductStatus.ACTIVE)
        product = _product(rng, until, next(ids[Product]), status)
        reviews: list[Row] = []
        if product["status"] is not ProductStatus.DRAFT:
            reviews = _reviews(rng, until, ids, product["id"], users)
        ratings = [r["rating"] for r in reviews if r["status"] is ReviewStatus.APPROVED]
        product |= {"rating_total": sum(ratings), "rating_count": len(ratings)}
        rows[Product].append(product)
        rows[Review] += reviews
    return rows


def _product(rng: Random, until: datetime, product_id: int, status: ProductStatus) -> Row:
    shelf = rng.choice(SHELVES)
    words = {
        "noun": rng.choice(shelf.nouns),
        "origin": rng.choice(shelf.origins),
        "quality": rng.choice(shelf.qualities),
        "size": rng.choice(shelf.sizes),
    }
    sku = f"KO-{shelf.code}-{product_id:06}"
    name = shelf.pattern.format(**words)
    if rng.random() < 0.2:
        name += f" {rng.choice(EMOJI)}"
    description = shelf.description.format(**words)
    created_at = moment(rng, until, HISTORY_DAYS, OLDEST_DAYS)
    return {
        "id": product_id,
        "sku": sku,
        "name": name,
        "slug": slug_with(sku, slug_of(name, sku)),
        "description": description,
        "search_text": folded(name, sku, description),
        "price_minor": _price_minor(rng, shelf.prices),
        "currency": shelf.prices.currency,
        "stock": 0 if rng.random() < 0.03 else int(rng.lognormvariate(4, 1)),
        "status": status,
        "created_at": created_at,
        "updated_at": created_at + timedelta(days=rng.uniform(0, HISTORY_DAYS)),
    }


def _price_minor(rng: Random, prices: Prices) -> int:
    """Log-normal, as real prices are: most near the median, a few at ten times the median."""
    steps = round(prices.median_minor * rng.lognormvariate(0, 0.8) / prices.step_minor)
    return max(1, steps) * prices.step_minor - prices.ending_minor


def _reviews(
    rng: Random, until: datetime, ids: Ids, product_id: int, users: Sequence[int]
) -> list[Row]:
    wanted = min(int(rng.expovariate(1 / 3)), PRODUCT_REVIEWS_MAX, len(users))
    return [
        _review(rng, until, next(ids[Review]), product_id, user_id)
        for user_id in rng.sample(users, wanted)
    ]


def _review(rng: Random, until: datetime, review_id: int, product_id: int, user_id: int) -> Row:
    (rating,) = rng.choices((5, 4, 3, 2, 1), (45, 30, 13, 6, 6))
    (status,) = rng.choices(
        (ReviewStatus.APPROVED, ReviewStatus.PENDING, ReviewStatus.REJECTED), (80, 15, 5)
    )
    title, body = rng.choice(REVIEWS[rating])
    created_at = moment(rng, until, 0.5, HISTORY_DAYS)
    is_new = status is ReviewStatus.PENDING
    moderated_at = created_at + timedelta(hours=rng.uniform(0.1, 12))
    return {
        "id": review_id,
        "product_id": product_id,
        "user_id": user_id,
        "rating": rating,
        "title": title,
        "body": body,
        "status": status,
        "created_at": created_at,
        "updated_at": created_at if is_new else moderated_at,
    }
