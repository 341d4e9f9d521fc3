"""What a customer may hold back from others without paying."""

import asyncio
from collections import Counter

import pytest

from service.app import build_app
from tests.service.conftest import ClientFactory, Shop, admin_headers, order_input, settings_for


@pytest.fixture
async def shop(database_url: str, aiohttp_client: ClientFactory) -> Shop:
    """A shop in which a customer may have two orders and ten pieces unpaid."""
    settings = settings_for(database_url, order_unpaid_max=2, order_unpaid_pieces_max=10)
    app = build_app(settings)
    client = await aiohttp_client(app)
    return Shop(client, await admin_headers(app, database_url))


async def test_only_staff_say_that_an_order_was_paid(shop: Shop) -> None:
    sara, tea = await shop.user(), await shop.product()
    customer = await shop.logged_in()
    order = await customer.place(sara, (tea, 1))

    refused = await customer.refusals("payOrder", id=order["id"])
    paid = await shop.make("payOrder", "order { status }", id=order["id"])

    assert refused == [("", "FORBIDDEN")]
    assert paid["status"] == "PAID"


async def test_a_third_unpaid_order_is_refused_until_one_is_paid_or_cancelled(shop: Shop) -> None:
    sara, tea = await shop.user(), await shop.product(stock=9)
    customer = await shop.logged_in()
    orders = [await customer.place(sara, (tea, 1)) for _ in range(2)]

    refused = await customer.refusals("placeOrder", **order_input(sara, (tea, 1)))
    await shop.make("payOrder", "order { id }", id=orders[0]["id"])
    await customer.place(sara, (tea, 1))
    again = await customer.refusals("placeOrder", **order_input(sara, (tea, 1)))
    await customer.make("cancelOrder", "order { id }", id=orders[1]["id"])
    await customer.place(sara, (tea, 1))

    assert refused == again == [("", "UNPAID_LIMIT")]
    assert await shop.stock(tea) == 6


async def test_the_pieces_of_all_unpaid_orders_count_together(shop: Shop) -> None:
    sara, tea = await shop.user(), await shop.product(stock=90)
    customer = await shop.logged_in()
    await customer.place(sara, (tea, 6))

    refused = await customer.refusals("placeOrder", **order_input(sara, (tea, 5)))
    await customer.place(sara, (tea, 4))

    assert refused == [("lines", "UNPAID_LIMIT")]
    assert await shop.stock(tea) == 80


async def test_staff_place_as_many_as_they_want(shop: Shop) -> None:
    sara, tea = await shop.user(), await shop.product(stock=90)

    for _ in range(3):
        await shop.place(sara, (tea, 20))

    assert await shop.stock(tea) == 30


async def test_a_repeat_returns_its_order_when_no_more_may_be_placed(shop: Shop) -> None:
    sara, tea = await shop.user(), await shop.product()
    customer = await shop.logged_in()
    first = await customer.place(sara, (tea, 1), idempotencyKey="a")
    await customer.place(sara, (tea, 1), idempotencyKey="b")

    repeat = await customer.place(sara, (tea, 1), idempotencyKey="a")

    assert repeat == first


async def test_of_many_orders_at_once_no_more_than_two_are_placed(shop: Shop) -> None:
    sara, tea = await shop.user(), await shop.product(stock=90)
    customer = await shop.logged_in()

    outcomes = await asyncio.gather(
        *(customer.refusals("placeOrder", **order_input(sara, (tea, 1))) for _ in range(12))
    )

    assert Counter(map(tuple, outcomes)) == {(): 2, (("", "UNPAID_LIMIT"),): 10}
    assert await shop.stock(tea) == 88
