import pytest
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connection

from service.text.folding import fold
from tests.service.conftest import Shop

LIST = """query ($first: Int, $after: String, $last: Int, $before: String,
               $sort: ProductSort, $filter: ProductFilter) {
  products(
    first: $first, after: $after, last: $last, before: $before, sort: $sort, filter: $filter
  ) {
    edges { cursor node { sku } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}"""


async def page(shop: Shop, **arguments: object) -> tuple[list[str], dict[str, object]]:
    data = (await shop.ask(LIST, **arguments))["products"]
    return [edge["node"]["sku"] for edge in data["edges"]], data["pageInfo"]


async def ten_products(shop: Shop) -> list[str]:
    # Prices repeat, so that only the id tells some rows apart.
    prices = [3, 1, 2, 3, 1, 2, 3, 1, 2, 3]
    for n, price in enumerate(prices):
        await shop.product(f"P{n}", price={"amount": str(price), "currency": "EUR"})
    return [f"P{n}" for _, n in sorted((price, n) for n, price in enumerate(prices))]


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_pages_forwards_and_backwards_meet_every_row_once(shop: Shop, direction: str) -> None:
    expected = await ten_products(shop)
    if direction == "DESC":
        expected.reverse()
    sort = {"by": "PRICE", "direction": direction}

    forwards: list[str] = []
    after = None
    for _ in range(4):
        skus, info = await page(shop, first=3, after=after, sort=sort)
        forwards += skus
        after = info["endCursor"]
    backwards: list[str] = []
    before = None
    for _ in range(4):
        skus, back = await page(shop, last=3, before=before, sort=sort)
        backwards = skus + backwards
        before = back["startCursor"]

    assert forwards == expected
    assert backwards == expected
    assert (info["hasNextPage"], info["hasPreviousPage"]) == (False, True)
    assert (back["hasNextPage"], back["hasPreviousPage"]) == (True, False)


async def test_a_row_that_is_inserted_before_the_cursor_shifts_no_page(shop: Shop) -> None:
    expected = await ten_products(shop)
    sort = {"by": "PRICE"}

    first, info = await page(shop, first=5, sort=sort)
    await shop.product("NEW", price={"amount": "0.01", "currency": "EUR"})
    second, _ = await page(shop, first=5, after=info["endCursor"], sort=sort)

    assert first + second == expected


async def test_a_page_has_20_rows_unless_said_otherwise_and_never_more_than_100(shop: Shop) -> None:
    new = [
        {"sku": f"T-{n}", "name": f"T {n}", "price": {"amount": "1", "currency": "EUR"}}
        for n in range(25)
    ]
    await shop.do("createProducts", "__typename", products=new)

    skus, info = await page(shop)
    none, _ = await page(shop, first=0)
    (too_many,) = await shop.errors(LIST, first=101)
    (negative,) = await shop.errors(LIST, last=-1)
    (both,) = await shop.errors(LIST, first=1, last=1)

    assert (len(skus), info["hasNextPage"], none) == (20, True, [])
    assert too_many["extensions"] == {"code": "OUT_OF_RANGE", "field": ["first"]}
    assert negative["extensions"] == {"code": "OUT_OF_RANGE", "field": ["last"]}
    assert both["extensions"] == {"code": "INVALID", "field": ["last"]}


async def test_a_cursor_of_another_order_or_of_nobody_is_an_error(shop: Shop) -> None:
    await ten_products(shop)
    _, info = await page(shop, first=1, sort={"by": "PRICE"})

    for cursor in (info["endCursor"], "nonsense", "bnVsbA==", "W10=", ""):
        (error,) = await shop.errors(LIST, first=1, after=cursor, sort={"by": "NAME"})
        assert error["extensions"] == {"code": "INVALID", "field": ["after"]}


async def test_filters_narrow_the_list_and_the_count(shop: Shop) -> None:
    await ten_products(shop)
    await shop.product("GONE", stock=0, status="DRAFT")
    yen = {"amount": "2", "currency": "JPY"}
    await shop.product("YEN", price=yen)

    async def skus(**conditions: object) -> list[str]:
        return (await page(shop, filter=conditions, sort={"by": "NAME"}))[0]

    eur = {"currency": "EUR"}
    assert await skus(priceMin={"amount": "2", **eur}, priceMax={"amount": "2.5", **eur}) == [
        "P2", "P5", "P8",
    ]  # fmt: skip
    assert await skus(status=["DRAFT"]) == ["GONE"]
    assert await skus(inStock=False) == ["GONE"]
    assert await skus(currency="JPY") == ["YEN"]
    assert await skus(sku=["P3", "P1", "NONE"]) == ["P1", "P3"]
    data = await shop.ask(LIST, first=1, filter={"currency": "JPY"})
    assert data["products"]["totalCount"] == 1


@pytest.mark.parametrize(
    "conditions",
    [
        {"priceMin": {"amount": "1", "currency": "EUR"}, "currency": "IRR"},
        {"priceMax": {"amount": "1", "currency": "EUR"}, "currency": "NOTHING"},
        {
            "priceMin": {"amount": "1", "currency": "EUR"},
            "priceMax": {"amount": "9", "currency": "IRR"},
        },
    ],
)
async def test_a_filter_that_names_two_currencies_is_refused(
    shop: Shop, conditions: dict[str, object]
) -> None:
    (error,) = await shop.errors(LIST, first=1, filter=conditions)

    assert error["message"].startswith("Prices are compared within one currency; the filter names")
    assert error["extensions"] == {"code": "CURRENCY_MISMATCH", "field": ["filter"]}


async def test_search_finds_words_in_any_case_accent_and_keyboard(shop: Shop) -> None:
    await shop.product("TEA-1", name="چای لاهیجان 🍵", description="Grown by the Caspian sea")
    await shop.product("CAFE-1", name="Café crème 100%")
    await shop.product("X_1", name="Other")

    async def found(search: str) -> list[str]:
        return (await page(shop, filter={"search": search}))[0]

    assert await found("چاي") == ["TEA-1"]
    assert await found("caspian tea-1") == ["TEA-1"]
    assert await found("CAFE CREME") == ["CAFE-1"]
    assert await found("🍵") == ["TEA-1"]
    assert await found("100%") == ["CAFE-1"]
    assert await found("_") == ["X_1"]
    assert await found("caspian coffee") == []
    assert await found("  ") == ["TEA-1", "CAFE-1", "X_1"]
    assert fold("İSTANBUL ﬁ") == fold("i̇stanbul FI")


async def test_node_and_nodes_find_anything_by_its_id(shop: Shop) -> None:
    product, user = await shop.product(), await shop.user()
    order = (await shop.place(user, (product, 1)))["id"]
    query = """query ($ids: [ID!]!, $id: ID!) {
      node(id: $id) { id __typename ... on Product { sku } }
      nodes(ids: $ids) { id __typename ... on Order { total { amount } } ... on User { email } }
    }"""

    data = await shop.ask(query, id=product, ids=[order, "UHJvZHVjdDo5OTk5OTk5", user, order])

    assert data["node"] == {"id": product, "__typename": "Product", "sku": "TEA-1"}
    assert data["nodes"] == [
        {"id": order, "__typename": "Order", "total": {"amount": "12.50"}},
        None,
        {"id": user, "__typename": "User", "email": "sara@example.com"},
        {"id": order, "__typename": "Order", "total": {"amount": "12.50"}},
    ]


class Statements:
    """Counts the SELECTs that reach the database."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sql: list[str] = []
        client: type[BaseDBAsyncClient] = type(get_connection("default"))
        original = client.execute_query

        async def counted(self_: BaseDBAsyncClient, query: str, values: object = None) -> object:
            self.sql.append(query)
            return await original(self_, query, values)  # type: ignore[arg-type]

        monkeypatch.setattr(client, "execute_query", counted)


async def test_a_query_three_levels_deep_takes_one_statement_for_each_level(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = [await shop.user(f"u{n}@example.com") for n in range(4)]
    products = [await shop.product(f"P{n}", stock=100) for n in range(5)]
    for user in users:
        for _ in range(3):
            await shop.place(user, *((product, 1) for product in products))
    await shop.make("addReview", "review { id }", productId=products[0], userId=users[0], rating=5)
    statements = Statements(monkeypatch)

    data = await shop.ask(
        """{ orders(first: 12) { edges { node {
          number
          customer { email orders(first: 2) { edges { node { number } } } }
          lines { totalCount edges { node {
            sku
            product { name reviews(first: 2) {
              totalCount edges { node { rating user { email } } } } }
          } } }
        } } } }"""
    )

    assert len(data["orders"]["edges"]) == 12
    lines = data["orders"]["edges"][0]["node"]["lines"]
    assert lines["totalCount"] == 5
    assert lines["edges"][0]["node"]["product"]["reviews"]["edges"][0]["node"] == {
        "rating": 5, "user": {"email": "u0@example.com"},
    }  # fmt: skip
    selects = [sql for sql in statements.sql if "FROM" in sql]
    # Orders; customers; their orders; lines; their counts; products; reviews; their counts;
    # and, with a token, the caller: the reviewer is among the customers already loaded.
    assert len(selects) == (9 if shop.headers else 8)


async def test_the_total_is_counted_only_if_asked_for(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.product()
    statements = Statements(monkeypatch)

    await shop.ask("{ products { edges { node { sku } } } }")
    without = [sql for sql in statements.sql if "COUNT" in sql]
    await shop.ask("{ products { totalCount } }")

    assert without == []
    assert len([sql for sql in statements.sql if "COUNT" in sql]) == 1


async def test_nested_pages_turn_like_others(shop: Shop) -> None:
    user, tea = await shop.user(), await shop.product(stock=100)
    numbers = [(await shop.place(user, (tea, 1)))["number"] for _ in range(5)]
    query = """query ($id: ID!, $after: String, $before: String, $first: Int, $last: Int) {
      user(id: $id) { orders(first: $first, after: $after, last: $last, before: $before) {
        edges { node { number } }
        pageInfo { endCursor startCursor hasNextPage hasPreviousPage } } } }"""

    first = (await shop.ask(query, id=user, first=2))["user"]["orders"]
    second = await shop.ask(query, id=user, first=5, after=first["pageInfo"]["endCursor"])
    last = (await shop.ask(query, id=user, last=2))["user"]["orders"]

    found = [e["node"]["number"] for e in first["edges"] + second["user"]["orders"]["edges"]]
    assert found == numbers[::-1]
    assert [e["node"]["number"] for e in last["edges"]] == [numbers[1], numbers[0]]
    assert (last["pageInfo"]["hasPreviousPage"], last["pageInfo"]["hasNextPage"]) == (True, False)
