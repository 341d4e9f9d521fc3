"""Filling a database with believable, reproducible data, for trials and for the migrator.

The same plan fills an empty database with the same rows, including ids and times but not
the password's hash. A plan's times end at `until`, by default the last midnight (UTC), so
that yesterday's digest has orders in it; on another day the same plan gives the same rows
with times, and the days in order numbers, moved by whole days. A database that has rows
gets additional ones, with other ids. A batch that conflicts with a running service is
retried a few times: seed while the service is quiet.

All users of a run, including staff, have the password that the caller chooses. Others must
not know it: a database that was seeded in private may be served in public later.
"""

import time
from collections.abc import Callable
from itertools import count
from random import Random

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from tortoise.connection import get_connection
from tortoise.exceptions import IntegrityError
from tortoise.models import Model

from service.accounts.passwords import hash_password
from service.database.faults import is_transient_or_duplicate
from service.database.transactions import in_one_transaction
from service.errors import ErrorCode, reject
from service.models import (
    Notification,
    Order,
    OrderLine,
    Product,
    Review,
    User,
)
from service.seed.orders import make_orders
from service.seed.people import Ids, Row, Rows, make_users
from service.seed.plan import SeedPlan, Shop
from service.seed.products import make_products

TABLES: tuple[type[Model], ...] = (User, Product, Review, Order, OrderLine, Notification)
PARTS: tuple[type[Model], ...] = (User, Product, Order)
"""What a shop that is in use has; the other tables belong to these."""
BATCH_ROWS = 1_000


_Make = Callable[[Random, Ids, range], Rows]


async def rows_there() -> dict[str, int]:
    """How many users, products and orders the connected database holds already."""
    return {f"{model.__name__.lower()}s": await model.all().count() for model in PARTS}


async def seed_database(plan: SeedPlan, console: Console, password: str) -> int:
    """Add the plan's rows to the connected database, return how many there were.

    Each batch is a transaction: a run that is stopped leaves whole, consistent batches.
    Raises `Rejected` when an existing row has a sku, slug or address that seeding would use.
    """
    # Printed now, not at the end: a run that is stopped has also made accounts.
    console.print(
        f"The password of all accounts is {password}; it is shown only here. "
        "Staff are staff.ID@example.com.",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    started_s = time.perf_counter()
    columns = TextColumn("{task.description:>8}"), BarColumn(), MofNCompleteColumn()
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        try:
            rows = await _fill(plan, progress, await hash_password(password))
        except IntegrityError as error:
            message = (
                f"A row already has a value that seeding would use: {error}. That row and the "
                "batches before it stay. Seed another database, from one process at a time."
            )
            raise reject(ErrorCode.TAKEN, message) from error
    took_s = time.perf_counter() - started_s
    per_s = f"{rows / took_s:,.0f} rows/s"
    console.print(f"Wrote {rows:,} rows in {took_s:.1f} s ({per_s}).", highlight=False)
    return rows


async def _fill(plan: SeedPlan, progress: Progress, password_hash: str) -> int:
    shop = Shop()

    def users(rng: Random, ids: Ids, batch: range) -> Rows:
        return make_users(rng, plan.until, ids, batch, password_hash)

    def products(rng: Random, ids: Ids, batch: range) -> Rows:
        return make_products(rng, plan.until, ids, batch, reviewers)

    def orders(rng: Random, ids: Ids, batch: range) -> Rows:
        return make_orders(rng, plan.until, ids, batch, shop.customers, shop.articles)

    async def write(part: str, total: int, make: _Make) -> int:
        task, rows = progress.add_task(part, total=total), 0
        for start in range(0, total, BATCH_ROWS):
            batch = range(start, min(start + BATCH_ROWS, total))
            written = await _write_batch(plan, part, make, batch)
            shop.learn(written)
            rows += sum(map(len, written.values()))
            progress.advance(task, len(batch))
        return rows

    rows = await write("users", plan.users, users)
    reviewers = [customer.id for customer in shop.customers]
    rows += await write("products", plan.products, products)
    return rows + await write("orders", plan.orders, orders)


async def _write_batch(plan: SeedPlan, part: str, make: _Make, batch: range) -> Rows:
    async def work() -> Rows:
        rows = make(plan.random(part, batch), await _free_ids(), batch)
        for model, its_rows in rows.items():
            await _insert(model, its_rows)
        return rows

    return await in_one_transaction(work, again_if=is_transient_or_duplicate)


async def _free_ids() -> Ids:
    """Ids above all existing ones, so that rows can refer to each other before they exist.

    A running service may take one of them first. The batch then violates the primary key, is
    rolled back and retried with other ids; the service's own row is never changed.
    """
    ids = {}
    for model in TABLES:
        highest = await model.all().order_by("-id").limit(1).values_list("id")
        ids[model] = count(highest[0][0] + 1 if highest else 1)
    return ids


async def _insert(model: type[Model], rows: list[Row]) -> None:
    """Insert rows in statements of `BATCH_ROWS`, converted as the model would, but without it.

    With `Model.bulk_create`, which builds an object for each row, a run takes 1.4 times as long.
    """
    client = get_connection("default")
    executor = client.executor_class(model=model, db=client)
    names = executor.regular_columns_all
    fields = [(name, model._meta.fields_map[name].to_db_value) for name in names]
    for start in range(0, len(rows), BATCH_ROWS):
        values = [
            [convert(row.get(name), model) for name, convert in fields]
            for row in rows[start : start + BATCH_ROWS]
        ]
        await client.execute_many(executor.insert_query_all, values)
