"""Lists in an order that can be followed: whoever goes on after the last cursor misses nothing."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from tortoise.transactions import in_transaction

from service.clock import utc_now
from service.models import Product
from service.operations.reading import sequences
from tests.service.conftest import Shop, on_each_server

FOLLOW = """query ($after: String) {
  products(first: 7, after: $after, sort: {by: SEQUENCE}) {
    pageInfo { endCursor } edges { node { sku } } } }"""


async def follow(shop: Shop, after: str | None = None) -> tuple[list[str], str | None]:
    """The rows after a cursor, page by page, and the last cursor."""
    found: list[str] = []
    while True:
        page = (await shop.ask(FOLLOW, after=after))["products"]
        if not page["edges"]:
            return found, after
        found += [edge["node"]["sku"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]


def row(sku: str, **values: Any) -> Product:
    """A product as anybody might insert it."""
    now = utc_now() - timedelta(days=1)
    return Product(sku=sku, name=sku, slug=sku.lower(), price_minor=1, currency="EUR",
                   created_at=now, updated_at=now, **values)  # fmt: skip


async def test_each_row_comes_once_in_the_order_in_which_it_was_made(shop: Shop) -> None:
    made = [f"P{n:02}" for n in range(20)]
    for sku in made:
        await shop.product(sku)

    found, _ = await follow(shop)

    assert found == made


async def test_a_row_with_an_earlier_time_comes_after_what_was_read(shop: Shop) -> None:
    await shop.product("NEW")
    _, cursor = await follow(shop)

    await row("OLD").save()
    found, _ = await follow(shop, cursor)

    assert found == ["OLD"]


@on_each_server
async def test_a_row_that_is_committed_late_comes_after_what_was_read(shop: Shop) -> None:
    async with in_transaction() as transaction:
        # It takes its id now, and is committed after the next has been read.
        await row("LATE").save(using_db=transaction)
        await asyncio.create_task(shop.product("NEXT"))
        before, cursor = await asyncio.create_task(follow(shop))
    after, _ = await follow(shop, cursor)

    assert (before, after) == (["NEXT"], ["LATE"])


async def test_a_poller_beside_many_writers_misses_nothing(shop: Shop) -> None:
    seen: list[str] = []
    done = asyncio.Event()

    async def poll() -> AsyncIterator[list[str]]:
        cursor: str | None = None
        while True:
            is_last = done.is_set()
            some, cursor = await follow(shop, cursor)
            yield some
            if is_last:
                return

    async def poller() -> None:
        async for some in poll():
            seen.extend(some)

    async def write(writer: int) -> None:
        for n in range(15):
            await shop.product(f"W{writer}-{n:02}")

    polling = asyncio.create_task(poller())
    await asyncio.gather(*(write(n) for n in range(4)))
    done.set()
    await polling

    assert sorted(seen) == sorted(f"W{w}-{n:02}" for w in range(4) for n in range(15))


async def test_what_is_published_later_comes_again_for_those_who_follow(shop: Shop) -> None:
    draft = await shop.product("DRAFT", status="DRAFT")
    await shop.product("OTHER")
    visitor = Shop(shop.http, {"Via": "1.1 proxy"})
    before, cursor = await follow(visitor)

    await shop.make("updateProduct", "product { id }", id=draft, status="ACTIVE")
    await shop.make("updateProduct", "product { id }", id=draft, name="Renamed", status="ACTIVE")
    after, cursor = await follow(visitor, cursor)

    assert (before, after) == (["OTHER"], ["DRAFT"])
    assert await follow(visitor, cursor) == ([], cursor)


async def test_more_rows_than_are_numbered_at_once_are_all_found(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sequences, "ROWS_NUMBERED_MAX", 5)
    for n in range(12):
        await shop.product(f"P{n:02}")

    found, cursor = await follow(shop)
    while more := (await follow(shop, cursor))[0]:
        found += more
        _, cursor = await follow(shop, cursor)

    assert found == [f"P{n:02}" for n in range(12)]


@pytest.mark.parametrize("listed", ["reviews", "orders", "users"])
async def test_the_other_lists_can_be_followed_too(shop: Shop, listed: str) -> None:
    query = f"""query ($a: String) {{ {listed}(sort: {{by: SEQUENCE, direction: ASC}}, after: $a)
                {{ pageInfo {{ endCursor }} edges {{ node {{ id }} }} }} }}"""

    async def make(n: int) -> str:
        user = await shop.user(f"u{n}@example.com")
        if listed == "users":
            return user
        product = await shop.product(f"P{n}")
        if listed == "orders":
            return str((await shop.place(user, (product, 1)))["id"])
        review = await shop.make(
            "addReview", "review { id }", productId=product, userId=user, rating=5
        )
        return str(review["id"])

    first = await make(1)
    page = (await shop.ask(query))[listed]
    second = await make(2)
    rest = (await shop.ask(query, a=page["pageInfo"]["endCursor"]))[listed]

    assert page["edges"][-1]["node"]["id"] == first
    assert [edge["node"]["id"] for edge in rest["edges"]] == [second]
