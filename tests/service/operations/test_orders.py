import asyncio
from collections import Counter

import pytest

from service.schema.relay.ids import global_id
from tests.service.conftest import Shop, order_input

ORDER = "order { id status }"


async def test_an_order_reserves_stock_and_keeps_the_products_as_they_were(shop: Shop) -> None:
    customer = await shop.user()
    tea = await shop.product("TEA", stock=10, price={"amount": "12.50", "currency": "EUR"})
    cup = await shop.product("CUP", stock=3, price={"amount": "0.99", "currency": "EUR"})

    order = await shop.place(customer, (tea, 4), (cup, 3))
    await shop.make(
        "updateProduct", "product { sku }", id=tea, sku="TEA-2", name="New",
        price={"amount": "99", "currency": "EUR"},
    )  # fmt: skip

    assert order["status"] == "PENDING"
    assert order["total"] == {"amount": "52.97", "currency": "EUR"}
    data = await shop.ask(
        """query ($number: String!) { order(number: $number) {
          customer { id }
          shippingAddress { name line2 city country }
          lines { totalCount edges { node {
            position sku name quantity unitPrice { amount } total { amount } product { sku stock }
          } } } } }""",
        number=order["number"],
    )
    assert data["order"]["customer"]["id"] == customer
    assert data["order"]["shippingAddress"] == {
        "name": "Sara Ahmadi", "line2": "", "city": "Tehran", "country": "IR",
    }  # fmt: skip
    assert data["order"]["lines"]["totalCount"] == 2
    assert [edge["node"] for edge in data["order"]["lines"]["edges"]] == [
        {
            "position": 1, "sku": "TEA", "name": "Product TEA", "quantity": 4,
            "unitPrice": {"amount": "12.50"}, "total": {"amount": "50.00"},
            "product": {"sku": "TEA-2", "stock": 6},
        },
        {
            "position": 2, "sku": "CUP", "name": "Product CUP", "quantity": 3,
            "unitPrice": {"amount": "0.99"}, "total": {"amount": "2.97"},
            "product": {"sku": "CUP", "stock": 0},
        },
    ]  # fmt: skip


async def test_an_order_that_one_line_cannot_fill_reserves_nothing(shop: Shop) -> None:
    customer = await shop.user()
    tea, cup = await shop.product("TEA", stock=10), await shop.product("CUP", stock=1)

    refusals = await shop.refusals("placeOrder", **order_input(customer, (tea, 4), (cup, 2)))

    assert refusals == [("lines/1/quantity", "OUT_OF_STOCK")]
    assert (await shop.stock(tea), await shop.stock(cup)) == (10, 1)
    assert (await shop.ask("{ orders { totalCount } }"))["orders"]["totalCount"] == 0


async def test_what_cannot_be_ordered_is_refused_by_line(shop: Shop) -> None:
    customer = await shop.user()
    draft = await shop.product("DRAFT", status="DRAFT")
    gone = await shop.product("GONE")
    await shop.make("archiveProduct", "product { id }", id=gone)
    unknown = "UHJvZHVjdDo5OTk5OTk5"

    refusals = await shop.refusals(
        "placeOrder", **order_input(customer, (draft, 1), (gone, 1), (unknown, 1))
    )

    assert refusals == [
        ("lines/0/productId", "NOT_FOR_SALE"),
        ("lines/1/productId", "NOT_FOR_SALE"),
        ("lines/2/productId", "NOT_FOUND"),
    ]


async def test_an_order_is_checked_before_anything_is_reserved(shop: Shop) -> None:
    customer, tea = await shop.user(), await shop.product(stock=5)
    address = {"name": "", "line1": "x", "city": "Tehran", "country": "Iran"}

    no_lines = await shop.refusals("placeOrder", **order_input(customer))
    twice = await shop.refusals("placeOrder", **order_input(customer, (tea, 1), (tea, 2)))
    none = await shop.refusals("placeOrder", **order_input(customer, (tea, 0)))
    nowhere = await shop.refusals(
        "placeOrder", **(order_input(customer, (tea, 1)) | {"shippingAddress": address})
    )
    nobody = await shop.refusals("placeOrder", **order_input(global_id("User", 9999999), (tea, 1)))

    assert no_lines == [("lines", "OUT_OF_RANGE")]
    assert twice == [("lines", "INVALID")]
    assert none == [("lines/0/quantity", "OUT_OF_RANGE")]
    assert nowhere == [("shippingAddress/name", "REQUIRED"), ("shippingAddress/country", "INVALID")]
    assert nobody == [("customerId", "NOT_FOUND")]
    assert await shop.stock(tea) == 5


@pytest.mark.parametrize("country", ["XX", "UK", "ir", "IRN", "ＩＲ", "SU"])
async def test_an_order_goes_to_a_country_that_exists(shop: Shop, country: str) -> None:
    customer, tea = await shop.user(), await shop.product(stock=5)
    order = order_input(customer, (tea, 1))
    order["shippingAddress"]["country"] = country

    refusals = await shop.refusals("placeOrder", **order)

    assert refusals == [("shippingAddress/country", "INVALID")]
    assert await shop.stock(tea) == 5


async def test_orders_are_listed_by_time_with_its_zone(shop: Shop) -> None:
    customer, tea = await shop.user(), await shop.product(stock=5)
    order = await shop.place(customer, (tea, 1))
    query = """query ($from: DateTime, $before: DateTime) {
      orders(filter: {placedFrom: $from, placedBefore: $before}) { edges { node { id } } } }"""
    past, future = "2020-01-01T00:00:00+03:30", "2100-01-01T00:00:00Z"

    found = await shop.ask(query, **{"from": past, "before": future})
    none = await shop.ask(query, before=past)
    (naive,) = await shop.errors(query, before="2026-01-01T00:00:00")

    assert found["orders"]["edges"] == [{"node": {"id": order["id"]}}]
    assert none["orders"]["edges"] == []
    assert naive["extensions"] == {"code": "INVALID", "field": ["filter", "placedBefore"]}


async def test_an_order_has_one_currency(shop: Shop) -> None:
    customer, tea = await shop.user(), await shop.product("TEA", stock=5)
    cup = await shop.product("CUP", price={"amount": "100", "currency": "JPY"})

    refusals = await shop.refusals("placeOrder", **order_input(customer, (tea, 1), (cup, 1)))

    assert refusals == [("lines", "CURRENCY_MISMATCH")]
    assert await shop.stock(tea) == 5


async def test_the_same_key_and_contents_return_the_same_order(shop: Shop) -> None:
    customer, tea = await shop.user(), await shop.product(stock=10)

    first = await shop.place(customer, (tea, 2), idempotencyKey="k-1")
    again = await shop.place(customer, (tea, 2), idempotencyKey="k-1")
    other_key = await shop.place(customer, (tea, 2), idempotencyKey="k-2")

    assert again == first
    assert other_key["id"] != first["id"]
    assert await shop.stock(tea) == 6


async def test_the_same_key_with_other_contents_is_a_typed_error(shop: Shop) -> None:
    customer, tea = await shop.user(), await shop.product(stock=10)
    await shop.place(customer, (tea, 2), idempotencyKey="k-1")

    refusals = await shop.refusals(
        "placeOrder", **order_input(customer, (tea, 3)), idempotencyKey="k-1"
    )

    assert refusals == [("idempotencyKey", "IDEMPOTENCY_CONFLICT")]
    assert await shop.stock(tea) == 8


async def test_two_customers_may_use_the_same_key(shop: Shop) -> None:
    sara, omid = await shop.user(), await shop.user("omid@example.com")
    tea = await shop.product(stock=10)

    first = await shop.place(sara, (tea, 2), idempotencyKey="k-1")
    second = await shop.place(omid, (tea, 2), idempotencyKey="k-1")

    assert first["id"] != second["id"]
    assert await shop.stock(tea) == 6


async def test_of_many_calls_with_one_key_at_once_all_get_the_one_order(shop: Shop) -> None:
    customer, tea = await shop.user(), await shop.product(stock=100)

    orders = await asyncio.gather(
        *(shop.place(customer, (tea, 2), idempotencyKey="k-1") for _ in range(20))
    )

    assert len({order["id"] for order in orders}) == 1
    assert await shop.stock(tea) == 98


async def test_of_200_buyers_for_100_items_exactly_100_win(shop: Shop) -> None:
    customer, tea = await shop.user(), await shop.product(stock=100)

    outcomes = await asyncio.gather(
        *(shop.refusals("placeOrder", **order_input(customer, (tea, 1))) for _ in range(200))
    )

    counts = Counter(tuple(outcome) for outcome in outcomes)
    assert counts == {(): 100, (("lines/0/quantity", "OUT_OF_STOCK"),): 100}
    assert await shop.stock(tea) == 0
    assert (await shop.ask("{ orders { totalCount } }"))["orders"]["totalCount"] == 100


async def test_orders_of_the_same_products_in_opposite_order_do_not_block_each_other(
    shop: Shop,
) -> None:
    customer = await shop.user()
    a, b = await shop.product("A", stock=100), await shop.product("B", stock=100)

    await asyncio.gather(
        *(shop.place(customer, *[(a, 1), (b, 1)][:: 1 if n % 2 else -1]) for n in range(60))
    )

    assert (await shop.stock(a), await shop.stock(b)) == (40, 40)


async def test_an_order_goes_through_its_steps_and_stamps_each(shop: Shop) -> None:
    customer, tea = await shop.user(), await shop.product()
    order = await shop.place(customer, (tea, 1))

    paid = await shop.make("payOrder", "order { status paidAt shippedAt }", id=order["id"])
    shipped = await shop.make("shipOrder", "order { status shippedAt }", id=order["id"])
    delivered = await shop.make("deliverOrder", "order { status deliveredAt }", id=order["id"])

    assert (paid["status"], bool(paid["paidAt"]), paid["shippedAt"]) == ("PAID", True, None)
    assert (shipped["status"], bool(shipped["shippedAt"])) == ("SHIPPED", True)
    assert (delivered["status"], bool(delivered["deliveredAt"])) == ("DELIVERED", True)


STEPS = ("payOrder", "shipOrder", "deliverOrder", "cancelOrder")
PATHS = {
    "PENDING": (),
    "PAID": ("payOrder",),
    "SHIPPED": ("payOrder", "shipOrder"),
    "DELIVERED": ("payOrder", "shipOrder", "deliverOrder"),
    "CANCELLED": ("cancelOrder",),
}
LEGAL = {
    "PENDING": {"payOrder": "PAID", "cancelOrder": "CANCELLED"},
    "PAID": {"shipOrder": "SHIPPED", "cancelOrder": "CANCELLED"},
    "SHIPPED": {"deliverOrder": "DELIVERED"},
    "DELIVERED": {},
    "CANCELLED": {},
}


@pytest.mark.parametrize("status", PATHS)
async def test_each_status_allows_its_steps_and_no_other(shop: Shop, status: str) -> None:
    customer, tea = await shop.user(), await shop.product()

    for step in STEPS:
        order = await shop.place(customer, (tea, 1))
        for earlier in PATHS[status]:
            await shop.make(earlier, ORDER, id=order["id"])
        payload = await shop.do(step, ORDER, id=order["id"])

        if step in LEGAL[status]:
            assert payload["order"]["status"] == LEGAL[status][step]
        else:
            assert [error["code"] for error in payload["userErrors"]] == ["ILLEGAL_TRANSITION"]
            unchanged = await shop.ask(
                "query ($id: ID!) { order(id: $id) { status } }", id=order["id"]
            )
            assert unchanged["order"]["status"] == status


async def test_cancelling_returns_the_stock_once(shop: Shop) -> None:
    customer, tea = await shop.user(), await shop.product(stock=10)
    order = await shop.place(customer, (tea, 4))

    outcomes = await asyncio.gather(
        *(shop.refusals("cancelOrder", id=order["id"]) for _ in range(10))
    )

    assert sorted(outcomes) == [[], *[[("id", "ILLEGAL_TRANSITION")]] * 9]
    assert await shop.stock(tea) == 10


async def test_of_paying_and_cancelling_at_once_the_stock_tells_what_happened(shop: Shop) -> None:
    customer, tea = await shop.user(), await shop.product(stock=50)
    orders = [await shop.place(customer, (tea, 1)) for _ in range(10)]

    await asyncio.gather(
        *(shop.refusals(step, id=o["id"]) for o in orders for step in ("cancelOrder", "shipOrder")),
        *(shop.refusals("payOrder", id=o["id"]) for o in orders),
    )

    data = await shop.ask("{ orders(first: 50) { edges { node { status } } } }")
    kept = [e for e in data["orders"]["edges"] if e["node"]["status"] != "CANCELLED"]
    assert await shop.stock(tea) == 50 - len(kept)
