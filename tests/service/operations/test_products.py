import asyncio
from pathlib import Path
from typing import Any

import pytest

from service.cli.serve import FIRST_MUTATION
from tests.service.conftest import Shop

README = Path(__file__).parents[3] / "README.md"

EUR = {"amount": "12.50", "currency": "EUR"}


async def test_the_first_mutation_of_the_readme_works(shop: Shop) -> None:
    assert FIRST_MUTATION in README.read_text("utf-8")

    data = await shop.ask(FIRST_MUTATION)

    product = data["createProduct"]["product"]
    assert product.pop("id")
    assert product.pop("createdAt").endswith("+00:00")
    assert product == {
        "sku": "TEA-1", "name": "Lahijan tea", "slug": "lahijan-tea",
        "price": EUR, "stock": 20, "status": "ACTIVE",
    }  # fmt: skip
    assert data["createProduct"]["userErrors"] == []


async def test_a_product_is_found_by_each_of_its_names(shop: Shop) -> None:
    product = await shop.product("TEA-1", name="چای لاهیجان 🍵")

    by_id = await shop.ask("query ($v: ID) { product(id: $v) { slug } }", v=product)
    by_sku = await shop.ask('{ product(sku: "TEA-1") { id name } }')
    by_slug = await shop.ask("query ($v: String) { product(slug: $v) { id } }", v="چای-لاهیجان")

    assert by_id["product"]["slug"] == "چای-لاهیجان"
    assert by_sku["product"] == {"id": product, "name": "چای لاهیجان 🍵"}
    assert by_slug["product"]["id"] == product


async def test_naming_a_product_twice_or_not_at_all_is_an_error(shop: Shop) -> None:
    (both,) = await shop.errors('{ product(sku: "A", slug: "a") { id } }')
    (none,) = await shop.errors("{ product { id } }")

    assert both["extensions"]["code"] == "INVALID"
    assert none["extensions"]["code"] == "INVALID"


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"sku": ""}, ("sku", "REQUIRED")),
        ({"sku": "x" * 65}, ("sku", "TOO_LONG")),
        ({"name": "   "}, ("name", "REQUIRED")),
        ({"stock": -1}, ("stock", "OUT_OF_RANGE")),
        ({"slug": "Not A Slug"}, ("slug", "INVALID")),
        ({"price": {"amount": "1e3", "currency": "EUR"}}, ("price/amount", "INVALID")),
        ({"price": {"amount": "12.505", "currency": "EUR"}}, ("price/amount", "INVALID")),
        ({"price": {"amount": "-1", "currency": "EUR"}}, ("price/amount", "OUT_OF_RANGE")),
        ({"price": {"amount": "1.0", "currency": "JPY"}}, None),
        ({"price": {"amount": "1.5", "currency": "JPY"}}, ("price/amount", "INVALID")),
        ({"price": {"amount": "1", "currency": "EURO"}}, ("price/currency", "INVALID")),
        ({"price": {"amount": "1", "currency": "XAU"}}, ("price/currency", "INVALID")),
        ({"description": "a\u0000b"}, ("description", "INVALID")),
    ],
)
async def test_a_bad_value_is_a_typed_user_error_that_names_the_field(
    shop: Shop, fields: dict[str, Any], refusal: tuple[str, str] | None
) -> None:
    values = {"sku": "TEA-1", "name": "Tea", "price": EUR} | fields

    refusals = await shop.refusals("createProduct", **values)

    assert refusals == ([refusal] if refusal else [])
    total = (await shop.ask("{ products { totalCount } }"))["products"]["totalCount"]
    assert total == (0 if refusal else 1)


async def test_all_bad_values_are_told_at_once(shop: Shop) -> None:
    price = {"amount": "ten", "currency": "EUR"}

    refusals = await shop.refusals("createProduct", sku="", name="", price=price, stock=-5)

    assert refusals == [
        ("sku", "REQUIRED"), ("name", "REQUIRED"),
        ("price/amount", "INVALID"), ("stock", "OUT_OF_RANGE"),
    ]  # fmt: skip


async def test_a_taken_sku_is_refused_and_its_case_matters(shop: Shop) -> None:
    await shop.product("TEA-1")

    same = await shop.refusals("createProduct", sku="TEA-1", name="Other", price=EUR)
    other_case = await shop.refusals("createProduct", sku="tea-1", name="Other", price=EUR)

    assert same == [("sku", "TAKEN")]
    assert other_case == []


async def test_products_of_one_name_get_slugs_of_their_own(shop: Shop) -> None:
    for sku in ("A-1", "A-2", "A-3"):
        await shop.product(sku, name="Green tea")

    data = await shop.ask("{ products { edges { node { slug } } } }")

    slugs = [edge["node"]["slug"] for edge in data["products"]["edges"]]
    assert slugs == ["green-tea", "green-tea-a-2", "green-tea-a-3"]


async def test_of_many_creations_of_one_sku_at_once_exactly_one_wins(shop: Shop) -> None:
    async def create(n: int) -> list[tuple[str, str]]:
        return await shop.refusals("createProduct", sku="TEA-1", name=f"Tea {n}", price=EUR)

    outcomes = await asyncio.gather(*(create(n) for n in range(20)))

    assert sorted(outcomes) == [[], *[[("sku", "TAKEN")]] * 19]
    data = await shop.ask("{ products { totalCount } }")
    assert data["products"]["totalCount"] == 1


async def test_a_bad_product_among_many_at_once_fails_alone(shop: Shop) -> None:
    await shop.product("TAKEN")
    skus = [*(f"NEW-{n}" for n in range(15)), "TAKEN"]

    outcomes = await asyncio.gather(
        *(shop.refusals("createProduct", sku=sku, name=sku, price=EUR) for sku in skus)
    )

    assert outcomes == [*[[]] * 15, [("sku", "TAKEN")]]
    data = await shop.ask("{ products { totalCount } }")
    assert data["products"]["totalCount"] == 16


async def test_many_products_are_made_together_in_the_order_of_the_input(shop: Shop) -> None:
    new = [{"sku": f"T-{n}", "name": f"Tea {n}", "price": EUR} for n in range(500)]

    payload = await shop.do("createProducts", "products { sku }", products=new)

    assert payload["userErrors"] == []
    assert [product["sku"] for product in payload["products"]] == [p["sku"] for p in new]


async def test_one_bad_product_among_many_leaves_none(shop: Shop) -> None:
    await shop.product("TAKEN")
    new = [{"sku": sku, "name": "Tea", "price": EUR} for sku in ("A", "TAKEN", "B", "A")]

    refusals = await shop.refusals("createProducts", products=new)

    assert refusals == [("products/1/sku", "TAKEN"), ("products/3/sku", "TAKEN")]
    data = await shop.ask("{ products { totalCount } }")
    assert data["products"]["totalCount"] == 1


async def test_more_than_500_products_at_a_time_are_refused(shop: Shop) -> None:
    new = [{"sku": f"T-{n}", "name": "Tea", "price": EUR} for n in range(501)]

    assert await shop.refusals("createProducts", products=new) == [("products", "OUT_OF_RANGE")]


async def test_an_update_changes_what_is_given_and_nothing_else(shop: Shop) -> None:
    product = await shop.product("TEA-1", description="Black", stock=7)
    selection = "product { sku name slug description price { amount currency } stock status }"

    changed = await shop.make(
        "updateProduct", selection, id=product, name="Green tea",
        price={"amount": "0.999", "currency": "KWD"},
    )  # fmt: skip

    assert changed == {
        "sku": "TEA-1", "name": "Green tea", "slug": "product-tea-1", "description": "Black",
        "price": {"amount": "0.999", "currency": "KWD"}, "stock": 7, "status": "ACTIVE",
    }  # fmt: skip


async def test_an_update_to_a_taken_sku_or_slug_is_refused(shop: Shop) -> None:
    await shop.product("A")
    product = await shop.product("B")

    refusals = await shop.refusals("updateProduct", id=product, sku="A", slug="product-a")

    assert refusals == [("sku", "TAKEN"), ("slug", "TAKEN")]


async def test_an_id_that_is_unknown_or_of_another_kind_is_refused(shop: Shop) -> None:
    user = await shop.user()
    product = await shop.product()
    nobody = "UHJvZHVjdDo5OTk5OTk5"

    assert await shop.refusals("archiveProduct", id=nobody) == [("id", "NOT_FOUND")]
    assert await shop.refusals("archiveProduct", id=user) == [("id", "INVALID")]
    assert await shop.refusals("archiveProduct", id="nonsense!") == [("id", "INVALID")]
    assert await shop.refusals("archiveProduct", id=product) == []


async def test_stock_is_counted_in_and_out_but_never_below_zero(shop: Shop) -> None:
    product = await shop.product(stock=5)

    more = await shop.make("adjustStock", "product { stock }", id=product, delta=3)
    too_few = await shop.refusals("adjustStock", id=product, delta=-9)
    less = await shop.make("adjustStock", "product { stock }", id=product, delta=-8)

    assert (more["stock"], less["stock"]) == (8, 0)
    assert too_few == [("delta", "OUT_OF_STOCK")]


async def test_of_many_adjustments_at_once_as_many_win_as_there_are_pieces(shop: Shop) -> None:
    product = await shop.product(stock=10)

    outcomes = await asyncio.gather(
        *(shop.refusals("adjustStock", id=product, delta=-1) for _ in range(25))
    )

    assert sorted(outcomes) == [*[[]] * 10, *[[("delta", "OUT_OF_STOCK")]] * 15]
    assert await shop.stock(product) == 0
