import io
import re
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console
from tortoise.models import Model

from service.accounts.log_in import authenticate
from service.database.connect import connected
from service.errors import ErrorCode, Rejected
from service.models import (
    Notification,
    NotificationKind,
    Order,
    OrderLine,
    OrderStatus,
    Product,
    ProductStatus,
    Review,
    ReviewStatus,
    User,
    UserRole,
)
from service.money import minor_digits
from service.seed.filling import TABLES, seed_database
from service.seed.plan import SeedPlan
from service.text.folding import folded

PASSWORD = "correct horse battery"
UNTIL = datetime(2026, 11, 24, tzinfo=UTC)
PLAN = SeedPlan(products=60, orders=300, random_seed=7, until=UNTIL)
STAMPS: dict[OrderStatus, list[tuple[str, ...]]] = {
    OrderStatus.PENDING: [()],
    OrderStatus.PAID: [("paid_at",)],
    OrderStatus.SHIPPED: [("paid_at", "shipped_at")],
    OrderStatus.DELIVERED: [("paid_at", "shipped_at", "delivered_at")],
    OrderStatus.CANCELLED: [("cancelled_at",), ("paid_at", "cancelled_at")],
}


@pytest.fixture(autouse=True)
async def connection(database_url: str) -> AsyncIterator[None]:
    async with connected(database_url):
        yield


async def seed(plan: SeedPlan = PLAN) -> int:
    return await seed_database(plan, Console(file=io.StringIO()), PASSWORD)


async def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, but for the salted hashes."""
    rows = {model.__name__: await model.all().order_by("id").values() for model in TABLES}
    for user in rows[User.__name__]:
        del user["password_hash"]
    return rows


async def empty() -> None:
    for model in reversed(TABLES):
        await model.all().delete()


async def counts(*models: type[Model]) -> list[int]:
    return [await model.all().count() for model in models]


async def test_a_plan_makes_as_much_as_it_says() -> None:
    written = await seed()

    assert await counts(User, Product, Order) == [60, 60, 300]
    assert written == sum(await counts(*TABLES))
    assert await User.filter(role=UserRole.STAFF).count() == 1
    assert await Product.filter(stock__lt=0).count() == 0
    assert {p.status.name for p in await Product.all()} == set(ProductStatus.choices())
    assert {review.status.name for review in await Review.all()} == set(ReviewStatus.choices())


async def test_a_small_plan_has_twenty_users_and_needs_no_orders() -> None:
    await seed(SeedPlan(products=1, orders=0, until=UNTIL))

    assert await counts(User, Product, Order) == [20, 1, 0]


async def test_more_rows_than_one_batch_holds_are_all_written() -> None:
    await seed(SeedPlan(products=1_001, orders=1_001, until=UNTIL))

    assert await counts(User, Product, Order) == [200, 1_001, 1_001]


async def test_the_total_of_an_order_is_that_of_its_lines() -> None:
    await seed()
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in await OrderLine.all().order_by("position"):
        lines[line.order_id].append(line)

    for order in await Order.all():
        own = lines.pop(order.id)
        assert [line.position for line in own] == list(range(1, len(own) + 1))
        assert len({line.product_id for line in own}) == len(own) <= 5
        assert {line.currency for line in own} == {order.currency}
        assert order.total_minor == sum(line.unit_price_minor * line.quantity for line in own)
    assert lines == {}


async def test_a_line_says_what_its_product_says_and_the_product_is_for_sale() -> None:
    await seed()
    products = await Product.in_bulk(range(1, 61), "id")

    for line in await OrderLine.all():
        product = products[line.product_id]
        assert (line.sku, line.name, line.unit_price) == (product.sku, product.name, product.price)
        assert product.status is ProductStatus.ACTIVE


async def test_a_rating_is_that_of_the_approved_reviews() -> None:
    await seed()
    ratings: dict[int, list[int]] = defaultdict(list)
    for review in await Review.filter(status=ReviewStatus.APPROVED):
        ratings[review.product_id].append(review.rating)

    for product in await Product.all():
        approved = ratings.pop(product.id, [])
        assert (product.rating_total, product.rating_count) == (sum(approved), len(approved))
    assert ratings == {}
    assert await Review.filter(product__status=ProductStatus.DRAFT).count() == 0


async def test_orders_stand_in_every_status_with_the_times_that_led_there() -> None:
    await seed()
    orders = await Order.all()

    for order in orders:
        names = ("paid_at", "shipped_at", "delivered_at", "cancelled_at")
        stamps = {name: at for name in names if (at := getattr(order, name))}
        assert tuple(stamps) in STAMPS[order.status]
        times = [order.placed_at, *stamps.values()]
        assert times == sorted(times)
        assert UNTIL - timedelta(days=90) <= times[0]
        assert order.updated_at == times[-1] <= UNTIL
    assert {order.status.name for order in orders} == set(OrderStatus.choices())
    yesterday = UNTIL - timedelta(days=1)
    assert any(order.paid_at and order.paid_at >= yesterday for order in orders)


async def test_people_and_products_are_older_than_what_refers_to_them() -> None:
    await seed()
    start = UNTIL - timedelta(days=90)

    assert await User.filter(created_at__gt=start).count() == 0
    assert await Product.filter(created_at__gt=start).count() == 0
    assert await Review.filter(created_at__lt=start).count() == 0
    assert await Review.filter(updated_at__gt=UNTIL).count() == 0
    assert await Product.filter(updated_at__gt=UNTIL).count() == 0


async def test_who_did_not_pay_in_time_was_told() -> None:
    await seed()
    unpaid = await Order.filter(status=OrderStatus.CANCELLED, paid_at__isnull=True)
    told = await Notification.filter(kind=NotificationKind.ORDER_CANCELLED)

    assert unpaid
    assert {(n.user_id, n.data["orderNumber"], n.created_at) for n in told} == {
        (order.customer_id, order.number, order.cancelled_at) for order in unpaid
    }


async def test_the_same_seed_gives_the_same_rows() -> None:
    await seed()
    first = await everything()
    await empty()

    await seed()

    assert await everything() == first


async def test_another_seed_gives_other_rows() -> None:
    await seed()
    first = await everything()
    await empty()

    await seed(SeedPlan(PLAN.products, PLAN.orders, PLAN.random_seed + 1, UNTIL))
    second = await everything()

    assert [name for name in first if first[name] == second[name]] == []


async def test_the_texts_are_in_several_scripts_and_the_prices_in_several_units() -> None:
    await seed()
    products = await Product.all()
    names = " ".join(product.name for product in products)

    for script in (
        "[آ-ی]",
        "\u200c",
        "[äöüß]",
        "[éèà]",
        "[a-z]",
        "[一-龠]",
        "[\U0001f300-\U0001faff]",
    ):
        assert re.search(script, names), script
    assert {minor_digits(product.currency) for product in products} == {0, 2, 3}
    assert {order.shipping_address["country"] for order in await Order.all()} >= {"IR", "DE", "JP"}


async def test_a_seeded_product_is_found_like_any_other() -> None:
    await seed()

    for product in await Product.all():
        assert product.search_text == folded(product.name, product.sku, product.description)
        assert product.slug.endswith(product.sku.lower())


async def test_everybody_can_log_in_with_the_password_of_the_run() -> None:
    await seed()

    staff = await authenticate("staff.1@example.com", PASSWORD)

    assert staff.role is UserRole.STAFF


async def test_seeding_again_adds_as_much_again() -> None:
    await seed()
    before = await everything()

    await seed()

    after = await everything()
    assert await counts(User, Product, Order) == [120, 120, 600]
    for name, rows in before.items():
        assert after[name][: len(rows)] == rows


async def test_somebody_elses_row_in_the_way_is_a_clear_refusal() -> None:
    await User.create(
        email="x", email_key="staff.2@example.com", password_hash="", full_name="",
        created_at=UNTIL, updated_at=UNTIL, id=1,
    )  # fmt: skip

    with pytest.raises(Rejected, match="Seed another database") as refusal:
        await seed()

    assert refusal.value.problems[0].code is ErrorCode.TAKEN
    assert await counts(*TABLES) == [1, 0, 0, 0, 0, 0]
