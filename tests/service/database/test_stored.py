"""Whatever a row holds, by another version, by SQL or by an overflow, lists stay readable."""

from typing import Any

import pytest
from tortoise.transactions import in_transaction

from service.app import build_app
from tests.service.conftest import ClientFactory, Shop, settings_for

LARGEST = f"{2**63 // 100}.07"
NEVER = "0001-01-01T00:00:00+00:00"
EVERYTHING = """{
  products { totalCount edges { cursor node {
    price { amount currency } stock status ratingAverage ratingCount createdAt updatedAt
  } } }
  orders { edges { cursor node {
    status total { amount currency } placedAt paidAt
    shippingAddress { name line1 line2 postalCode city country }
    lines { edges { node { position quantity unitPrice { amount } total { amount currency } } } }
  } } }
  users { edges { node { role createdAt } } }
  reviews { edges { node { rating status createdAt } } }
  notifications { edges { node { kind data createdAt readAt } } }
  jobs { runs { edges { node { outcome trigger attempt durationMs result startedAt } } } }
}"""


@pytest.fixture
async def sqlite_shop(sqlite_url: str, aiohttp_client: ClientFactory) -> Shop:
    """An open shop, on the database that takes anything in any column."""
    return Shop(await aiohttp_client(build_app(settings_for(sqlite_url))), {})


async def plant(table: str, column: str, value: str) -> None:
    """Write by SQL what the service would not, past what MySQL's strict mode refuses."""
    async with in_transaction() as client:
        if client.capabilities.dialect == "mysql":
            await client.execute_query("SET SESSION sql_mode = ''")
        where = "WHERE email_key = 'sara@example.com'" if table == "users" else ""
        await client.execute_query(f"UPDATE {table} SET `{column}` = {value} {where}")


async def filled(shop: Shop) -> None:
    """One row in each table."""
    sara = await shop.user()
    reader = (await shop.ask("{ user { id } }"))["user"] or {"id": sara}
    tea = await shop.product()
    await shop.place(sara, (tea, 2))
    await shop.make("addReview", "review { id }", productId=tea, userId=sara, rating=5)
    await shop.make("sendNotification", "notification { id }", userId=reader["id"], title="Hello")
    await shop.make("runJob", "run { id }", name="housekeeping")


def only(data: Any, *path: str) -> Any:
    """The value at a path, through the last row of each list."""
    for part in path:
        data = data[-1] if isinstance(data, list) else data
        data = data["edges"][-1]["node"] if "edges" in data else data
        data = data[part]
    return data


@pytest.mark.parametrize(
    ("table", "column", "value", "path", "expected"),
    [
        ("products", "currency", "'BGN'", "products/price/amount", "12.50"),
        ("products", "currency", "'ITL'", "products/price/amount", "1250"),
        ("products", "currency", "'???'", "products/price/amount", "1250"),
        ("products", "currency", "''", "products/price/currency", ""),
        ("products", "currency", "'XAU'", "products/price/amount", "1250"),
        ("products", "status", "'sold out'", "products/status", "UNKNOWN"),
        ("products", "stock", "3000000000", "products/stock", 2**31 - 1),
        ("products", "rating_count", "3000000000", "products/ratingCount", 2**31 - 1),
        ("orders", "currency", "'HRK'", "orders/total/currency", "HRK"),
        ("orders", "total_minor", "9223372036854775807", "orders/total/amount", LARGEST),
        ("orders", "total_minor", "-5", "orders/total/amount", "-0.05"),
        ("orders", "status", "'refunded'", "orders/status", "UNKNOWN"),
        ("orders", "shipping_address", "'[1]'", "orders/shippingAddress/line1", "[1]"),
        ("orders", "shipping_address", "'null'", "orders/shippingAddress/city", ""),
        ("orders", "shipping_address", "'\"Tehran\"'", "orders/shippingAddress/line1", "Tehran"),
        ("orders", "shipping_address", """'{"city": 7, "x": 1}'""", "orders/shippingAddress/city",
         "7"),
        ("order_lines", "currency", "'HRK'", "orders/lines/total/currency", "HRK"),
        ("order_lines", "unit_price_minor", "9000000000000000000", "orders/lines/total/amount",
         "180000000000000000.00"),
        ("order_lines", "quantity", "3000000000", "orders/lines/quantity", 2**31 - 1),
        ("users", "role", "'owner'", "users/role", "UNKNOWN"),
        ("reviews", "status", "''", "reviews/status", "UNKNOWN"),
        ("notifications", "kind", "'newsletter'", "notifications/kind", "UNKNOWN"),
        ("notifications", "data", "'null'", "notifications/data", {}),
        ("notifications", "data", "'[]'", "notifications/data", []),
        ("job_runs", "outcome", "'paused'", "jobs/runs/outcome", "UNKNOWN"),
        ("job_runs", "trigger", "'webhook'", "jobs/runs/trigger", "UNKNOWN"),
        ("job_runs", "finished_at", "'2126-01-01 00:00:00'", "jobs/runs/durationMs", 2**31 - 1),
        ("products", "created_at", "'0000-00-00 00:00:00'", "products/createdAt", NEVER),
        ("orders", "paid_at", "'0000-00-00 00:00:00'", "orders/paidAt", None),
        ("job_runs", "started_at", "'0000-00-00 00:00:00'", "jobs/runs/durationMs", 2**31 - 1),
    ],
)  # fmt: skip
async def test_a_list_is_readable_whatever_a_row_holds(
    shop: Shop, table: str, column: str, value: str, path: str, expected: object
) -> None:
    await filled(shop)
    await plant(table, column, value)

    data = await shop.ask(EVERYTHING)

    assert only(data, *path.split("/")) == expected


@pytest.mark.parametrize("value", ["'no time'", "''", "'2026-13-45'", "1e300", "x'00ff'"])
async def test_sqlite_may_hold_anything_where_a_time_belongs(sqlite_shop: Shop, value: str) -> None:
    await filled(sqlite_shop)
    for table, column in (("products", "created_at"), ("orders", "paid_at")):
        await plant(table, column, value)

    data = await sqlite_shop.ask(EVERYTHING)

    assert only(data, "products", "createdAt") == NEVER
    assert only(data, "orders", "paidAt") is None


@pytest.mark.parametrize("value", ["'{'", "''", '\'{"city": "Tehran"\''])
async def test_sqlite_may_hold_what_is_no_json(sqlite_shop: Shop, value: str) -> None:
    await filled(sqlite_shop)
    for table, column in (
        ("orders", "shipping_address"), ("notifications", "data"), ("job_runs", "result"),
    ):  # fmt: skip
        await plant(table, column, value)

    data = await sqlite_shop.ask(EVERYTHING)

    assert set(only(data, "orders", "shippingAddress").values()) == {""}
    assert only(data, "notifications", "data") == {}
    assert only(data, "jobs", "runs", "result") is None


async def test_a_product_of_yesterday_is_served_by_rest_and_can_be_changed(shop: Shop) -> None:
    tea = await shop.product()
    await plant("products", "currency", "'BGN'")
    await plant("products", "status", "'sold out'")

    found = await (await shop.http.get(f"/products/{tea}", headers=shop.headers)).json()
    renamed = await shop.make("updateProduct", "product { name status }", id=tea, name="Green tea")
    again = await shop.refusals("updateProduct", id=tea, price={"amount": "1", "currency": "BGN"})

    assert (found["price"], found["status"]) == ({"amount": "12.50", "currency": "BGN"}, "UNKNOWN")
    assert renamed == {"name": "Green tea", "status": "UNKNOWN"}
    async with in_transaction() as client:
        _, rows = await client.execute_query("SELECT status FROM products")
    assert rows[0]["status"] == "sold out"
    assert again == [("price/currency", "INVALID")]


async def test_what_nobody_knows_may_be_read_but_not_chosen(shop: Shop) -> None:
    sara = await shop.user()
    tea = await shop.product()
    order = await shop.place(sara, (tea, 1))
    price = {"amount": "1", "currency": "EUR"}
    await plant("orders", "status", "'refunded'")

    refusals = [
        await shop.refusals("createProduct", sku="A", name="A", price=price, status="UNKNOWN"),
        await shop.refusals("updateProduct", id=tea, status="UNKNOWN"),
        await shop.refusals("updateUser", id=sara, role="UNKNOWN"),
        await shop.refusals("sendNotification", userId=sara, title="A", kind="UNKNOWN"),
        await shop.refusals("payOrder", id=order["id"]),
        await shop.refusals("cancelOrder", id=order["id"]),
    ]

    assert refusals == [
        [("status", "INVALID")], [("status", "INVALID")], [("role", "INVALID")],
        [("kind", "INVALID")], [("id", "ILLEGAL_TRANSITION")], [("id", "ILLEGAL_TRANSITION")],
    ]  # fmt: skip
    assert await shop.stock(tea) == 19


async def test_a_role_that_nobody_knows_gives_no_rights_but_ones_own(shop: Shop) -> None:
    await shop.user()
    customer = await shop.logged_in()
    await plant("users", "role", "'owner'")

    own = await customer.ask("{ user { role } users { totalCount } }")
    refused = await customer.refusals("adjustStock", id=await shop.product(), delta=1)

    assert own == {"user": {"role": "UNKNOWN"}, "users": {"totalCount": 1}}
    assert refused == [("", "FORBIDDEN")]


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_rows_without_a_readable_time_are_passed_once_each(
    shop: Shop, direction: str
) -> None:
    for sku in ("A", "B", "C"):
        await shop.product(sku)
    await plant("products", "created_at", "'0000-00-00 00:00:00'")
    await shop.product("D")
    query = """query ($after: String, $direction: SortDirection!) {
      products(first: 1, after: $after, sort: {by: CREATED_AT, direction: $direction}) {
        edges { cursor node { sku } } } }"""

    seen, cursor = [], None
    for _ in range(5):
        data = await shop.ask(query, after=cursor, direction=direction)
        for edge in data["products"]["edges"]:
            cursor = edge["cursor"]
            seen.append(edge["node"]["sku"])

    assert seen == (["A", "B", "C", "D"] if direction == "ASC" else ["D", "C", "B", "A"])
