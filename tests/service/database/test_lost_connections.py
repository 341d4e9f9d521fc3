"""When the server ends connections, callers go on or learn what is known."""

import asyncio
import re
from collections import Counter
from typing import Any

import pymysql
import pytest
from tortoise.connection import get_connection
from tortoise.exceptions import OperationalError

from service.accounts import tokens
from service.app import build_app
from service.database.connect import connected
from service.database.transactions import in_one_transaction
from service.errors import DatabaseUnavailable, OutcomeUnknown
from service.models import Product, User
from tests.service.conftest import ClientFactory, Shop, admin_headers, on_each_server, settings_for


def kill_all(database_url: str) -> int:
    """End all connections to the test's database; how many there were."""
    match = re.fullmatch(r"mysql://root@([^:]+):(\d+)/(\w+)", database_url)
    assert match is not None
    host, port, name = match.groups()
    with (
        pymysql.connect(host=host, port=int(port), user="root", autocommit=True) as client,
        client.cursor() as cursor,
    ):
        cursor.execute("SELECT id FROM information_schema.processlist WHERE db = %s", (name,))
        ids = [row[0] for row in cursor.fetchall()]
        for one in ids:
            try:
                cursor.execute(f"KILL {one}")
            except pymysql.err.MySQLError:
                continue  # It has gone by itself.
    return len(ids)


@on_each_server
async def test_waiters_go_on_when_the_connection_that_they_wait_for_breaks(
    database_url: str,
) -> None:
    async with connected(database_url, pool_size=1):
        client = get_connection("default")
        holder = asyncio.create_task(client.execute_query("SELECT SLEEP(20)"))
        await asyncio.sleep(0.3)
        waiters = [asyncio.create_task(client.execute_query("SELECT 7 AS n")) for _ in range(3)]
        await asyncio.sleep(0.1)

        kill_all(database_url)

        async with asyncio.timeout(5):
            found = await asyncio.gather(*waiters)
            with pytest.raises(OperationalError):
                await holder
        assert [rows[0]["n"] for _, rows in found] == [7, 7, 7]


@on_each_server
async def test_writers_start_over_and_each_product_is_there_once(
    database_url: str, aiohttp_client: ClientFactory
) -> None:
    app = build_app(settings_for(database_url, database_pool_size=3))
    shop = Shop(await aiohttp_client(app), await admin_headers(app, database_url))
    skus = [f"P{n:03}" for n in range(60)]

    async def create(sku: str) -> str:
        body = await (
            await shop.post(
                "mutation ($i: CreateProductInput!) { createProduct(input: $i) "
                "{ product { sku } userErrors { code } } }",
                i={"sku": sku, "name": sku, "price": {"amount": "1", "currency": "EUR"}},
            )
        ).json()
        if "errors" in body:
            return str(body["errors"][0].get("extensions", body["errors"][0]))
        return "made" if body["data"]["createProduct"]["product"] else str(body)

    creating = [asyncio.create_task(create(sku)) for sku in skus]
    killed = 0
    for _ in range(5):
        await asyncio.sleep(0.05)
        killed += await asyncio.to_thread(kill_all, database_url)
    async with asyncio.timeout(20):
        outcomes = Counter(await asyncio.gather(*creating))

    assert killed > 0
    # A look-up of the token, or a commit, may be what broke; nothing else is told.
    unknown = "{'code': 'OUTCOME_UNKNOWN'}"
    busy = "{'message': 'The database is not available; please try again.'}"
    assert outcomes.keys() <= {"made", unknown, busy}
    made = await Product.all().count()
    assert outcomes["made"] <= made <= outcomes["made"] + outcomes[unknown]


@on_each_server
async def test_what_breaks_before_the_commit_is_done_again(database_url: str) -> None:
    attempts: list[int] = []

    async def work() -> str:
        attempts.append(1)
        if len(attempts) == 1:
            kill_all(database_url)
        await Product.all().count()
        return "done"

    async with connected(database_url, pool_size=1):
        assert await in_one_transaction(work) == "done"

    assert len(attempts) == 2


@on_each_server
async def test_what_breaks_amid_the_commit_is_not_done_again(database_url: str) -> None:
    attempts: list[int] = []

    async def work() -> None:
        attempts.append(1)
        await Product.all().count()
        kill_all(database_url)

    async with connected(database_url, pool_size=1):
        with pytest.raises(OutcomeUnknown, match="Look before you repeat it"):
            await in_one_transaction(work)

    assert len(attempts) == 1


@on_each_server
async def test_a_database_that_stays_away_is_told_as_such(database_url: str) -> None:
    async def work() -> None:
        kill_all(database_url)
        await Product.all().count()

    async with connected(database_url, pool_size=1):
        with pytest.raises(DatabaseUnavailable, match="nothing was written"):
            await in_one_transaction(work)


async def test_a_slow_look_up_of_the_token_is_told_as_what_it_is(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slowly(**_: Any) -> None:
        await asyncio.sleep(5)

    await shop.user()
    customer = await shop.logged_in()
    monkeypatch.setattr(tokens, "LOOK_UP_TIMEOUT_S", 0.05)
    monkeypatch.setattr(User, "get_or_none", slowly)

    response = await customer.post("{ products { totalCount } }")
    body = await response.json()

    assert response.status == 503
    assert body["errors"][0]["message"].startswith("The token's user was not found within 0.05 s")
    assert "30 s" not in str(body)


async def test_an_operation_that_is_given_up_does_not_say_that_nothing_was_done(
    sqlite_url: str, aiohttp_client: ClientFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.operations import orders

    async def slowly(*_: Any) -> None:
        await asyncio.sleep(5)

    monkeypatch.setattr(orders, "_take_step", slowly)
    settings = settings_for(sqlite_url, service_request_timeout_s=1)
    shop = Shop(await aiohttp_client(build_app(settings)), {})
    user, product = await shop.user(), await shop.product()
    order = await shop.place(user, (product, 1))

    response = await shop.post(
        "mutation ($i: ID!) { payOrder(input: {id: $i}) { order { id } } }", i=order["id"]
    )

    assert response.status == 503
    (error,) = (await response.json())["errors"]
    assert error["message"] == (
        "This took longer than 1 s and was given up. Its changes may have been made "
        "nevertheless: look before you repeat it."
    )
