"""What an attacker, or bad luck, found once."""

import asyncio
import base64
import json

import pytest
from tortoise.transactions import in_transaction

from service.app import build_app
from service.database.connect import connected
from service.database.transactions import in_one_transaction
from service.models import Product, UserRole
from tests.service.conftest import ClientFactory, Shop, order_input, settings_for

EUR = {"amount": "1", "currency": "EUR"}


@pytest.mark.parametrize("turns", range(6))
async def test_a_transaction_cancelled_at_any_moment_gives_its_connection_back(
    database_url: str, turns: int
) -> None:
    async def work() -> None:
        await Product.all().count()
        await asyncio.sleep(10)

    async with connected(database_url, 2):
        for _ in range(4):
            task = asyncio.create_task(in_one_transaction(work))
            for _ in range(turns):
                await asyncio.sleep(0.002)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        async with asyncio.timeout(5), in_transaction():
            assert await Product.all().count() == 0


async def test_a_request_that_takes_too_long_is_given_up_and_the_next_one_served(
    sqlite_url: str, aiohttp_client: ClientFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stuck(*_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr("service.operations.products.adjust_stock", stuck)
    app = build_app(settings_for(sqlite_url, service_request_timeout_s=1))
    shop = Shop(await aiohttp_client(app), {})

    late = await shop.post(
        'mutation { adjustStock(input: {id: "UHJvZHVjdDox", delta: 1}) { product { id } } }'
    )
    next_one = await shop.post("{ products { totalCount } }")

    assert (late.status, next_one.status) == (503, 200)
    (error,) = (await late.json())["errors"]
    assert error["message"].startswith("This took longer than 1 s and was given up.")


async def test_twins_of_the_last_piece_get_the_same_order(shop: Shop) -> None:
    customer = await shop.user()
    for n in range(4):
        tea = await shop.product(f"T-{n}", stock=1)

        orders = await asyncio.gather(
            *(shop.place(customer, (tea, 1), idempotencyKey=f"k-{n}") for _ in range(6))
        )

        assert len({order["id"] for order in orders}) == 1


async def test_a_sku_that_grows_when_folded_harms_nobody(shop: Shop) -> None:
    ligature = "ﷺ" * 58
    await shop.refusals("createProduct", sku="X", name="!!!", price=EUR)

    outcomes = await asyncio.gather(
        shop.refusals("createProduct", sku=ligature, name="!!!", price=EUR),
        *(shop.refusals("createProduct", sku=f"S-{n}", name="Tea", price=EUR) for n in range(10)),
    )

    assert outcomes == [[]] * 11


async def test_amounts_are_exact_to_the_last_digit_or_refused(shop: Shop) -> None:
    nearly = {"amount": "1.0000000000000000000000000001", "currency": "EUR"}
    dear = await shop.product(price={"amount": "9999999999999.99", "currency": "EUR"}, stock=90_000)
    customer = await shop.user()

    rounded = await shop.refusals("createProduct", sku="X", name="X", price=nearly)
    too_much = await shop.refusals("placeOrder", **order_input(customer, (dear, 50_000)))

    assert rounded == [("price/amount", "INVALID")]
    assert too_much == [("lines", "OUT_OF_RANGE")]
    assert await shop.stock(dear) == 90_000


async def test_staff_do_not_read_others_messages_and_customers_see_no_drafts(shop: Shop) -> None:
    sara, tea = await shop.user(), await shop.product()
    staff_id = await shop.user("staff@example.com")
    await shop.make("updateUser", "user { id }", id=staff_id, role=UserRole.STAFF.name)
    message = await shop.make("sendNotification", "notification { id }", userId=sara, title="Hi")
    order = await shop.place(sara, (tea, 1))
    await shop.make("updateProduct", "product { id }", id=tea, status="DRAFT")
    staff, customer = await shop.logged_in("staff@example.com"), await shop.logged_in()

    refused = await staff.refusals("markNotificationRead", id=message["id"])
    count = await staff.do("markAllNotificationsRead", "count", userId=sara)
    data = await customer.ask(
        "query ($id: ID) { order(id: $id) { lines { edges { node { sku product { sku } } } } } }",
        id=order["id"],
    )
    ordered = await customer.refusals("placeOrder", **order_input(sara, (tea, 1)))

    assert refused == [("id", "NOT_FOUND")]
    assert count["count"] == 0
    (line,) = data["order"]["lines"]["edges"]
    assert line["node"] == {"sku": "TEA-1", "product": None}
    assert ordered == [("lines/0/productId", "NOT_FOUND")]


async def test_the_second_mutation_sees_what_the_first_has_done(shop: Shop) -> None:
    sara, tea = await shop.user(), await shop.product()
    review = await shop.make("addReview", "review { id }", productId=tea, userId=sara, rating=4)
    selection = "{ review { product { ratingCount } } }"

    data = await shop.ask(
        f"""mutation ($id: ID!) {{
          a: moderateReview(input: {{id: $id, decision: APPROVE}}) {selection}
          b: moderateReview(input: {{id: $id, decision: REJECT}}) {selection}
        }}""",
        id=review["id"],
    )

    counts = [data[key]["review"]["product"]["ratingCount"] for key in ("a", "b")]
    assert counts == [1, 0]


@pytest.mark.parametrize("row_id", [0, 2**63, True, "1", None])
@pytest.mark.parametrize("value", ["abc", 2**63, -(2**63), True, None, 1.5, []])
async def test_a_forged_cursor_is_an_error_of_its_own(
    sqlite_url: str, aiohttp_client: ClientFactory, value: object, row_id: object
) -> None:
    shop = Shop(await aiohttp_client(build_app(settings_for(sqlite_url))), {})
    cursor = base64.urlsafe_b64encode(json.dumps(["price_minor", value, row_id]).encode()).decode()
    query = "query ($c: String) { products(after: $c, sort: {by: PRICE}) { totalCount } }"

    (error,) = await shop.errors(query, c=cursor)

    assert error["extensions"] == {"code": "INVALID", "field": ["after"]}


async def test_a_default_of_a_page_size_counts_like_a_value(
    sqlite_url: str, aiohttp_client: ClientFactory
) -> None:
    shop = Shop(await aiohttp_client(build_app(settings_for(sqlite_url))), {})
    nested = "{ edges { node { reviews(first: $n) { edges { node { id } } } } } } }"

    (default,) = await shop.errors(f"query ($n: Int = 100) {{ products(first: $n) {nested}")
    (both,) = await shop.errors(f"query ($n: Int) {{ products(first: $n, last: 2000000) {nested}")

    assert default["extensions"]["limit"] == both["extensions"]["limit"] == {"cost": 20_000}


async def test_operations_that_are_not_executed_are_counted_too(
    sqlite_url: str, aiohttp_client: ClientFactory
) -> None:
    shop = Shop(await aiohttp_client(build_app(settings_for(sqlite_url))), {})
    hidden = "orders { edges { node { customer { id } } } } " * 30

    response = await shop.http.post(
        "/graphql",
        json={
            "query": f"query A {{ __typename }} query B {{ user {{ {hidden} }} }}",
            "operationName": "A",
        },
    )

    (error,) = (await response.json())["errors"]
    assert error["message"] == "The operation repeats a field 30 times; the limit is 20."


async def test_a_body_that_is_not_what_its_headers_say_is_400(
    sqlite_url: str, aiohttp_client: ClientFactory
) -> None:
    shop = Shop(await aiohttp_client(build_app(settings_for(sqlite_url))), {})
    headers = {
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
        "Connection": "close",
    }

    for path in ("/graphql", "/products"):
        response = await shop.http.post(path, data=b"not gzip", headers=headers)
        assert response.status == 400
