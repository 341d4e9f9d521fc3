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
class PendingInsert:
    """A checked product that has no id yet; a slug that the client did not give may be changed."""

    product: Product
    slug_is_given: bool


class ProductWriter:
    """Writes products, the longest waiting first, in up to `groups_at_once` transactions.

    More than one lets a group be prepared while another waits for the disk; SQLite
    has one writer. Bounded by the requests in flight, each of which waits for its insert.
    """

    def __init__(self, groups_at_once: int = 1) -> None:
        self._groups_at_once = groups_at_once
        self._waiting: deque[tuple[PendingInsert, asyncio.Future[Product]]] = deque()
        self._drains = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def insert(self, insert: PendingInsert) -> Product:
        """Write one product, return it with its id. Raises `Rejected` for a taken sku or slug."""
        future: asyncio.Future[Product] = asyncio.get_running_loop().create_future()
        self._waiting.append((insert, future))
        if self._drains < self._groups_at_once:
            self._drains += 1
            task = asyncio.create_task(self._drain(), name="product writer")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await future

    async def _drain(self) -> None:
        # There is no await between finding nothing and counting down, so no insert is forgotten.
        try:
            while self._waiting:
                size = min(len(self._waiting), GROUP_ROWS_MAX)
                group = [self._waiting.popleft() for _ in range(size)]
                await _write(group)
        finally:
            self._drains -= 1


async def _write(group: Sequence[tuple[PendingInsert, asyncio.Future[Product]]]) -> None:
    inserts = [insert for insert, _ in group]
    try:
        outcomes: Sequence[Product | Exception] = await in_one_transaction(
            lambda: insert_all(inserts), again_if=is_transient_or_duplicate
        )
    except Exception as error:  # noqa: BLE001 - Each request receives it and raises it.
        if len(group) > 1 and not isinstance(error, OutcomeUnknown):
            # One of them is the cause; in transactions of their own, the others succeed.
            for entry in group:
                await _write([entry])
            return
        outcomes = [error] * len(group)
    for (_, future), outcome in zip(group, outcomes, strict=True):
        if future.done():
            continue  # The request was cancelled; its row is written nevertheless.
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)


async def insert_all(inserts: Sequence[PendingInsert]) -> list[Product | Rejected]:
    """Insert those products whose sku and slug are free; three statements for any number of them.

    Returns for each its product, now with an id, or why it was left out. Runs in the caller's
    transaction; a key that another transaction takes between the look-up and the insert
    raises IntegrityError, and the caller starts over.
    """
    skus, slugs = await _taken([insert.product for insert in inserts])
    outcomes: list[Product | Rejected] = []
    for insert in inserts:
        problems = _claim(insert, skus, slugs)
        outcomes.append(Rejected(*problems) if problems else insert.product)
    await _insert([outcome for outcome in outcomes if isinstance(outcome, Product)])
    return outcomes


async def _taken(products: Sequence[Product]) -> tuple[set[str], set[str]]:
    """The skus and slugs that these products may use and that other rows already have."""
    slugs = {p.slug for p in products} | {slug_with(p.sku, p.slug) for p in products}
    query = Product.filter(Q(sku__in=[p.sku for p in products]) | Q(slug__in=list(slugs)))
    rows = await query.values_list("sku", "slug")
    return {sku for sku, _ in rows}, {slug for _, slug in rows}


def _claim(insert: PendingInsert, skus: set[str], slugs: set[str]) -> list[Problem]:
    """Claim a free sku and slug for the product, or say what is taken."""
    product, problems = insert.product, []
    if product.sku in skus:
        message = f"Another product has the sku {product.sku!r}."
        problems.append(Problem(ErrorCode.TAKEN, message, ("sku",)))
    if product.slug in slugs and insert.slug_is_given:
        message = f"Another product has the slug {product.slug!r}."
        problems.append(Problem(ErrorCode.TAKEN, message, ("slug",)))
    if problems:
        return problems
    if product.slug in slugs:
        second = slug_with(product.sku, product.slug)
        product.slug = slug_at_random(product.slug) if second in slugs else second
    skus.add(product.sku)
    slugs.add(product.slug)
    return []


async def _insert(products: Sequence[Product]) -> None:
    if not products:
        return
    await Product.bulk_create(products)
    # SQLite and MySQL report the ids of a multi-row insert in different ways: ask for them.
    rows = await Product.filter(sku__in=[p.sku for p in products]).values_list("sku", "id")
    ids = dict(rows)
    for product in products:
        product.id = ids[product.sku]
        product._saved_in_db = True
