"""Everything that multiplies an answer or a statement counts, and the answer itself is bounded."""

import asyncio
from typing import Any

import pytest
from graphql import GraphQLError

from service.app import build_app
from service.engine.meter import Meter
from service.models import Product
from service.operations.reading.paging import SCANS_AT_ONCE_SQLITE, scan_turn
from service.schema.relay.ids import global_id
from tests.service.conftest import ClientFactory, Shop, settings_for

REVIEWS = "... on Product { reviews(first: 98) { edges { node { product { id } } } } }"
EACH = 1 + 1 + 98 * 3
"""The product, its connection, and for each row an edge, a review and a product."""


@pytest.fixture
async def shop(sqlite_url: str, aiohttp_client: ClientFactory) -> Shop:
    """The budget does not depend on the database."""
    return Shop(await aiohttp_client(build_app(settings_for(sqlite_url))), {})


async def cost(shop: Shop, document: str, **variables: Any) -> int:
    """What a document was measured at, refused or not."""
    body = await (await shop.post(document, **variables)).json()
    if "extensions" in body:
        return int(body["extensions"]["cost"]["requested"])
    return int(body["errors"][0]["message"].split()[5])


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        (f"{{ nodes(ids: [{'1, ' * 100}]) {{ {REVIEWS} }} }}", {}),
        (f"query ($i: [ID!]!) {{ nodes(ids: $i) {{ {REVIEWS} }} }}", {"i": ["1"] * 100}),
        (f"query ($i: [ID!]! = [{'1, ' * 100}]) {{ nodes(ids: $i) {{ {REVIEWS} }} }}", {}),
        (f"query ($i: ID!) {{ nodes(ids: [{'$i, ' * 100}]) {{ {REVIEWS} }} }}", {"i": "1"}),
        (
            f"query ($i: [ID!]!) {{ ...Q }} fragment Q on Query {{ nodes(ids: $i) {{ ...N }} }} "
            f"fragment N on Node {{ {REVIEWS} }}",
            {"i": ["1"] * 100},
        ),
    ],
)
async def test_ids_multiply_the_cost_however_they_are_given(
    shop: Shop, document: str, variables: dict[str, Any]
) -> None:
    found = await cost(shop, document, **variables)

    assert found == 100 * EACH


async def test_the_products_of_one_mutation_multiply_what_is_asked_of_them(shop: Shop) -> None:
    document = (
        "mutation ($input: CreateProductsInput!) { createProducts(input: $input) "
        f"{{ products {{ {REVIEWS} }} }} }}"
    )
    one = {"sku": "TEA", "name": "Tea", "price": {"amount": "1.00", "currency": "EUR"}}

    found = await cost(shop, document, input={"products": [one] * 500})

    assert found == 10 + 1 + 500 * EACH


async def test_a_list_that_no_argument_makes_longer_counts_as_ten(shop: Shop) -> None:
    found = await cost(shop, "{ jobs { runs(first: 50) { edges { node { job } } } } }")

    assert found == 10 * (1 + 1 + 50 * 2)


@pytest.mark.parametrize(
    ("declared", "filter_", "variables", "measured"),
    [
        ("", '{search: "tea"}', {}, 24_006),
        ("($s: String)", "{search: $s}", {"s": "tea"}, 24_006),
        ("($s: String)", "{search: $s}", {"s": None}, 12_006),
        ("($f: ProductFilter)", "$f", {"f": {"search": "tea"}}, 24_006),
        ("($f: ProductFilter)", "$f", {"f": {"currency": "EUR"}}, 12_006),
        ("($f: ProductFilter)", "$f", {"f": None}, 6),
    ],
)
async def test_searches_are_counted_as_what_they_cost_the_database(
    shop: Shop, declared: str, filter_: str, variables: dict[str, Any], measured: int
) -> None:
    fields = " ".join(f"a{n}: products(filter: {filter_}) {{ totalCount }}" for n in range(6))

    found = await cost(shop, f"query {declared} {{ {fields} }}", **variables)

    assert found == measured


async def test_searches_take_turns_so_that_others_are_served_between_them(shop: Shop) -> None:
    document = '{ products(filter: {search: "tea"}) { totalCount } }'
    turns = [scan_turn() for _ in range(SCANS_AT_ONCE_SQLITE)]
    for turn in turns:
        await turn.acquire()

    search = asyncio.create_task(shop.ask(document))
    others = await shop.ask("{ products { totalCount } }")
    done_meanwhile = search.done()
    for turn in turns:
        turn.release()

    assert others == {"products": {"totalCount": 0}}
    assert not done_meanwhile
    assert await search == {"products": {"totalCount": 0}}


async def test_rows_and_their_text_are_counted_whatever_was_estimated() -> None:
    rows = [Product(description="12345", search_text="") for _ in range(10)]

    Meter(10, 50).count(rows)

    with pytest.raises(GraphQLError, match="more than 9 rows"):
        Meter(9, 50).count(rows)
    with pytest.raises(GraphQLError, match="more than 49 characters"):
        Meter(10, 49).count(rows)


async def test_an_answer_that_grows_too_large_is_given_up(
    sqlite_url: str, aiohttp_client: ClientFactory
) -> None:
    settings = settings_for(sqlite_url, graphql_answer_bytes_max=25_000)
    shop = Shop(await aiohttp_client(build_app(settings)), {})
    for sku in ("A", "B"):
        await shop.product(sku, description="x" * 9_000)
    aliases = " ".join(f"d{n}: description" for n in range(10))

    rows = await shop.errors("{ products { edges { node { name } } } }")
    bytes_ = await shop.errors(f'{{ product(sku: "A") {{ {aliases} }} }}')
    small = await shop.ask("{ products(first: 1) { edges { node { name } } } }")

    assert rows[0]["extensions"] == {"code": "TOO_EXPENSIVE"}
    assert "hold more than 25000 characters" in rows[0]["message"]
    assert bytes_[0]["extensions"] == {"code": "TOO_EXPENSIVE"}
    assert "was executed" in bytes_[0]["message"]
    assert len(small["products"]["edges"]) == 1


async def test_one_cause_does_not_fill_an_answer_with_errors(shop: Shop) -> None:
    await shop.product("A")
    ids = [global_id("Product", 1)] * 100
    selection = '... on Product { reviews(after: "x") { totalCount } }'

    errors = await shop.errors(f"query ($i: [ID!]!) {{ nodes(ids: $i) {{ {selection} }} }}", i=ids)

    assert len(errors) == 20
