"""What visitors and customers can put together from what they may see."""

from base64 import b64decode, b64encode

import pytest

from service.schema.relay.opaque import OpaqueIds
from tests.service.conftest import Shop, order_input


@pytest.fixture
def visitor(shop: Shop) -> Shop:
    """Somebody without a token, also where the service is open."""
    return Shop(shop.http, {"Via": "1.1 proxy"})


async def test_nobody_collects_the_reviews_of_one_author(shop: Shop, visitor: Shop) -> None:
    sara, omid = await shop.user(), await shop.user("omid@example.com")
    for n, user in enumerate((sara, omid)):
        product = await shop.product(f"P{n}")
        review = await shop.make(
            "addReview", "review { id }", productId=product, userId=user, rating=4
        )
        await shop.make("moderateReview", "review { id }", id=review["id"], decision="APPROVE")
    query = "query ($u: ID) { reviews(filter: {userId: $u}) { totalCount } }"
    customer = await shop.logged_in()

    (by_visitor,) = await visitor.errors(query, u=sara)
    (by_other,) = await customer.errors(query, u=omid)

    assert by_visitor["extensions"] == {"code": "FORBIDDEN", "field": ["filter", "userId"]}
    assert by_other["extensions"]["code"] == "FORBIDDEN"
    for allowed, user in ((customer, sara), (shop, omid)):
        assert (await allowed.ask(query, u=user))["reviews"]["totalCount"] == 1
    assert (await visitor.ask(query))["reviews"]["totalCount"] == 2


async def test_what_is_not_sold_any_more_stands_in_no_list_but_in_orders(
    shop: Shop, visitor: Shop
) -> None:
    sara, tea = await shop.user(), await shop.product("TEA")
    await shop.product("CUP")
    await shop.place(sara, (tea, 1))
    customer = await shop.logged_in()
    await shop.make("archiveProduct", "product { id }", id=tea)
    listed = "{ products(filter: {status: [ARCHIVED, ACTIVE]}) { totalCount } }"

    for_visitors = await visitor.ask(listed)
    for_staff = await shop.ask(listed)
    ordered = await customer.ask(
        "{ orders { edges { node { lines { edges { node { product { sku } } } } } } } }"
    )
    by_id = await visitor.ask("query ($i: ID) { product(id: $i) { status } }", i=tea)

    assert (for_visitors["products"]["totalCount"], for_staff["products"]["totalCount"]) == (1, 2)
    (order,) = ordered["orders"]["edges"]
    assert order["node"]["lines"]["edges"][0]["node"]["product"] == {"sku": "TEA"}
    assert by_id["product"] == {"status": "ARCHIVED"}


async def test_ids_do_not_tell_how_many_there_are(shop: Shop) -> None:
    users = [await shop.user(f"u{n}@example.com") for n in range(3)]
    product = await shop.product()
    orders = [(await shop.place(users[0], (product, 1)))["id"] for _ in range(3)]

    texts = [b64decode(one).decode().partition(":")[2] for one in (*users, *orders)]

    assert len(set(texts)) == 6
    assert {len(text) for text in texts} == {16}
    # Neighbours have nothing in common that could be counted by.
    numbers = [int(text, 16) for text in texts]
    assert min(abs(a - b) for a in numbers for b in numbers if a != b) > 2**32


@pytest.mark.parametrize("text", ["User:1", "User:0000000000000001", "User:", "User:xyz", "Nil:1"])
async def test_an_id_that_was_never_issued_finds_nothing(shop: Shop, text: str) -> None:
    sara = await shop.user()
    forged = b64encode(text.encode()).decode()

    data = await shop.ask(
        "query ($i: [ID!]!) { nodes(ids: $i) { id } }", i=[sara, forged, "not base 64", sara]
    )

    assert data["nodes"] == [{"id": sara}, None, None, {"id": sara}]


def test_every_number_is_read_as_it_was_written_and_nothing_else() -> None:
    ids, others = OpaqueIds(b"k" * 32, "User"), OpaqueIds(b"k" * 32, "Order")
    numbers = [1, 2, 3, 2**31, 2**32, 2**63 - 1]

    written = [ids.write(number) for number in numbers]

    assert [ids.read(text) for text in written] == numbers
    assert not set(written) & {others.write(number) for number in numbers}
    for bad in ("", "1", "g" * 16, "F" * 16, "0x00000000000001", " " * 15 + "1", "1" * 17):
        with pytest.raises(ValueError):  # noqa: PT011 - Python has words of its own for some.
            ids.read(bad)


async def test_an_error_of_one_mutation_leaves_the_answers_of_the_others(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.accounts import log_in

    async def broken(*_: object) -> None:
        raise RuntimeError("broken")

    sara, tea = await shop.user(), await shop.product(stock=3)
    monkeypatch.setattr(log_in, "authenticate", broken)
    query = """mutation ($o: PlaceOrderInput!) {
        placeOrder(input: $o) { order { number } }
        logIn(input: {email: "sara@example.com", password: "x"}) { token } }"""

    body = await (await shop.post(query, o=order_input(sara, (tea, 1)))).json()

    assert body["data"]["placeOrder"]["order"]["number"]
    assert body["data"]["logIn"] is None
    assert [error["path"] for error in body["errors"]] == [["logIn"]]
    assert await shop.stock(tea) == 2


async def test_an_error_of_one_list_leaves_the_others(shop: Shop) -> None:
    await shop.product()

    body = await (
        await shop.post('{ products { totalCount } orders(after: "x") { totalCount } }')
    ).json()

    assert body["data"] == {"products": {"totalCount": 1}, "orders": None}
    assert [error["path"] for error in body["errors"]] == [["orders"]]
