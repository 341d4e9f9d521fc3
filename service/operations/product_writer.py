"""Group commit: products that arrive while others are being written share the next transaction.

A lone request is written at once, so nothing waits for company; under load one
transaction, with one flush to disk, carries up to `GROUP_ROWS_MAX` of them.
Each request still has its own answer: a taken sku fails its own row only.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from tortoise.expressions import Q

from service.database.faults import is_transient_or_duplicate
from service.database.transactions import in_one_transaction
from service.errors import ErrorCode, OutcomeUnknown, Problem, Rejected
from service.models import Product
from service.operations.rules.slugs import slug_at_random, slug_with

GROUP_ROWS_MAX = 100


@dataclass(frozen=True, slots=True)
class Draft:
    """A checked product that has no id yet; a slug that the client did not give may be changed."""

    product: Product
    slug_is_given: bool


class ProductWriter:
    """Writes drafts, the longest waiting first, in up to `groups_at_once` transactions.

    More than one lets a group be prepared while another waits for the disk; SQLite
    has one writer. Bounded by the requests in flight, each of which waits for its draft.
    """

    def __init__(self, groups_at_once: int = 1) -> None:
        self._groups_at_once = groups_at_once
        self._waiting: deque[tuple[Draft, asyncio.Future[Product]]] = deque()
        self._drains = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def insert(self, draft: Draft) -> Product:
        """Write one product, return it with its id. Raises `Rejected` for a taken sku or slug."""
        future: asyncio.Future[Product] = asyncio.get_running_loop().create_future()
        self._waiting.append((draft, future))
        if self._drains < self._groups_at_once:
            self._drains += 1
            task = asyncio.create_task(self._drain(), name="product writer")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await future

    async def _drain(self) -> None:
        # No await lies between finding nothing and counting down, so no draft is left behind.
        try:
            while self._waiting:
                size = min(len(self._waiting), GROUP_ROWS_MAX)
                group = [self._waiting.popleft() for _ in range(size)]
                await _write(group)
        finally:
            self._drains -= 1


async def _write(group: Sequence[tuple[Draft, asyncio.Future[Product]]]) -> None:
    drafts = [draft for draft, _ in group]
    try:
        outcomes: Sequence[Product | Exception] = await in_one_transaction(
            lambda: insert_drafts(drafts), again_if=is_transient_or_duplicate
        )
    except Exception as error:  # noqa: BLE001 - Each request receives it and raises it.
        if len(group) > 1 and not isinstance(error, OutcomeUnknown):
            # One of them did it, so each has a transaction of its own, and the others live.
            for entry in group:
                await _write([entry])
            return
        outcomes = [error] * len(group)
    for (_, future), outcome in zip(group, outcomes, strict=True):
        if future.done():
            continue  # The request was cancelled; its row is written all the same.
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


async def insert_drafts(drafts: Sequence[Draft]) -> list[Product | Rejected]:
    """Insert those drafts whose sku and slug are free; three statements for any number of them.

    The outcome of each draft is its product, now with an id, or why it was left out.
    Runs in the caller's transaction; a key that somebody takes between the look and
    the insert raises IntegrityError, and the caller starts over.
    """
    skus, slugs = await _taken(drafts)
    outcomes: list[Product | Rejected] = []
    for draft in drafts:
        problems = _settle(draft, skus, slugs)
        outcomes.append(Rejected(*problems) if problems else draft.product)
    await _insert([outcome for outcome in outcomes if isinstance(outcome, Product)])
    return outcomes


async def _taken(drafts: Sequence[Draft]) -> tuple[set[str], set[str]]:
    products = [draft.product for draft in drafts]
    slugs = {p.slug for p in products} | {slug_with(p.sku, p.slug) for p in products}
    query = Product.filter(Q(sku__in=[p.sku for p in products]) | Q(slug__in=list(slugs)))
    rows = await query.values_list("sku", "slug")
    return {sku for sku, _ in rows}, {slug for _, slug in rows}


def _settle(draft: Draft, skus: set[str], slugs: set[str]) -> list[Problem]:
    """Claim a free sku and slug for the draft, or say what is taken."""
    product, problems = draft.product, []
    if product.sku in skus:
        message = f"Another product has the sku {product.sku!r}."
        problems.append(Problem(ErrorCode.TAKEN, message, ("sku",)))
    if product.slug in slugs and draft.slug_is_given:
        message = f"Another product has the slug {product.slug!r}."
        problems.append(Problem(ErrorCode.TAKEN, message, ("slug",)))
    if not problems:
        product.slug = _free_slug(product, slugs)
        skus.add(product.sku)
        slugs.add(product.slug)
    return problems


def _free_slug(product: Product, slugs: set[str]) -> str:
    if product.slug not in slugs:
        return product.slug
    second = slug_with(product.sku, product.slug)
    return slug_at_random(product.slug) if second in slugs else second


async def _insert(products: Sequence[Product]) -> None:
    if not products:
        return
    await Product.bulk_create(products)
    # Neither database tells the ids of a multi-row insert in a way that the other does, too.
    rows = await Product.filter(sku__in=[p.sku for p in products]).values_list("sku", "id")
    ids = dict(rows)
    for product in products:
        product.id = ids[product.sku]
        product._saved_in_db = True
