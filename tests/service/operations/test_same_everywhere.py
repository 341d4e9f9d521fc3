"""Random texts of many scripts: each database finds, tells apart and sorts what Python does."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.models import Order, Product
from service.operations.products import NewProduct, create_products
from service.operations.reading.search import terms
from service.operations.rules.access import LOCAL_ADMIN
from service.text.folding import fold, folded
from service.text.forms import is_blank, nfc
from tests.service.conftest import Shop

# What the rules are about: case, accents, forms and letters of keyboards, digits of three
# scripts, what is not seen, what collations ignore or expand, what LIKE and SQL mean something by.
HARD = (
    "aAeEsSßẞiIİıſﬁﬃéøØÅ\u0301\u0308\u0327kKͅΣσςД日本がか\u3099カｶﾞ각ᄀ"
    "يیىېئكکڪةهۀہھٱأاآلاﻻﷺ\u0640\u064e\u0651\u0670\u0654\u200c\u200d\u200e\u200b\u00ad\ufeff\ufe0f"
    "0123۰۱۲۳٠١٢٣०１²½🍎🍌☕👩🏽🌾🇮🇷 \u00a0\u3000\t\n\x1c%_\\'\"`;-()،"
)
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
TEXTS = st.text(st.one_of(st.sampled_from(HARD), CHARACTERS), min_size=1, max_size=8)
NAMES = TEXTS.filter(lambda text: not is_blank(nfc(text.strip())))
EXAMPLES = settings(
    max_examples=settings().max_examples // 4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


async def skus(shop: Shop, **arguments: Any) -> list[str]:
    """The skus of a list of products."""
    query = """query ($filter: ProductFilter, $sort: ProductSort) {
      products(first: 100, filter: $filter, sort: $sort) { edges { node { sku } } } }"""
    data = await shop.ask(query, **arguments)
    return [edge["node"]["sku"] for edge in data["products"]["edges"]]


@EXAMPLES
@given(
    names=st.lists(NAMES, min_size=1, max_size=8, unique_by=lambda text: nfc(text.strip())),
    others=st.lists(TEXTS, max_size=4),
)
async def test_a_product_is_found_and_sorted_alike(
    shop: Shop, names: list[str], others: list[str]
) -> None:
    await Product.all().delete()
    new = [NewProduct(sku=name, name=name, amount="1", currency="EUR") for name in names]
    products = await create_products(LOCAL_ADMIN, new)
    asked = {*names, *others, *(f"{name} " for name in names), *(name.upper() for name in names)}

    for text in asked:
        found = await skus(shop, filter={"search": text})
        by_sku = await shop.ask("query ($v: String) { product(sku: $v) { sku } }", v=text)
        by_slug = await shop.ask("query ($v: String) { product(slug: $v) { sku } }", v=text)

        words = list(terms(text))
        searched = [(p.sku, folded(p.name, p.sku)) for p in products]
        assert found == [sku for sku, copy in searched if all(word in copy for word in words)]
        assert by_sku["product"] == {p.sku: {"sku": p.sku} for p in products}.get(nfc(text))
        assert by_slug["product"] == {p.slug: {"sku": p.sku} for p in products}.get(nfc(text))
    for direction in ("ASC", "DESC"):
        in_order = await skus(shop, sort={"by": "NAME", "direction": direction})
        by_name = sorted(products, key=lambda p: (p.name, p.id), reverse=direction == "DESC")
        assert in_order == [product.sku for product in by_name]


@EXAMPLES
@given(keys=st.lists(TEXTS, min_size=1, max_size=5))
async def test_a_key_is_the_same_key_only_to_the_last_space(shop: Shop, keys: list[str]) -> None:
    await Order.all().delete()
    await Product.all().delete()
    customer = await _customer(shop)
    tea = await shop.product(stock=1_000)
    keys = [*keys, *(f"{key} " for key in keys), *(key.swapcase() for key in keys)]

    placed = [
        (await shop.place(customer, (tea, 1), idempotencyKey=key))["id"] for key in [*keys, *keys]
    ]

    by_key = dict(zip(keys, placed, strict=False))
    assert placed == [by_key[key] for key in [*keys, *keys]]
    assert len(set(placed)) == len(set(keys)) == await Order.all().count()


async def _customer(shop: Shop) -> str:
    query = '{ users(filter: {email: "sara@example.com"}) { edges { node { id } } } }'
    edges = (await shop.ask(query))["users"]["edges"]
    return str(edges[0]["node"]["id"]) if edges else await shop.user()


@given(text=TEXTS)
def test_folding_again_changes_nothing(text: str) -> None:
    once = fold(text)

    assert fold(once) == once


@pytest.mark.parametrize(
    ("name", "search"),
    [
        ("iPhone 14", "iphone ۱۴"),
        ("آیفون ١٤", "آیفون 14"),
        ("کتاب علی", "كتاب علي"),
        ("كتاب علي", "کتاب علی"),
        ("کـــتاب", "کتاب"),
        ("كِتَابٌ", "كتاب"),
        ("می‌خواهم", "میخواهم"),
        ("می‌خواهم", "می خواهم"),
        ("می خواهم", "می‌خواهم"),
        ("میخواهم", "می‌خواهم"),
        ("مسئولیت", "مسيوليت"),
        ("خانۀ من", "خانه من"),
        ("مدرسة", "مدرسه"),
        ("ﷲ", "الله"),
        ("۱۲۳ १२३", "123 123"),
        ("☕\ufe0f", "☕"),
        ("Café", "cafe\u0301"),
        ("Straße", "STRASSE"),
    ],
)
async def test_readers_of_one_language_find_what_they_mean(
    shop: Shop, name: str, search: str
) -> None:
    await shop.product("FOUND", name=name)
    await shop.product("OTHER", name="🍎 other")

    assert await skus(shop, filter={"search": search}) == ["FOUND"]


async def test_an_apple_is_no_banana(shop: Shop) -> None:
    await shop.product("APPLE", name="🍎 toy")
    await shop.product("BANANA", name="🍌 toy")

    assert await skus(shop, filter={"search": "🍎"}) == ["APPLE"]
    assert await skus(shop, filter={"search": "🍌 toy"}) == ["BANANA"]


async def test_a_key_with_a_space_is_another_key(shop: Shop) -> None:
    customer, tea = await shop.user(), await shop.product()

    orders = [
        (await shop.place(customer, (tea, 1), idempotencyKey=key))["id"]
        for key in ("key", "key ", "key", "KEY", "key\t")
    ]

    assert orders[0] == orders[2]
    assert len(set(orders)) == 4


async def test_a_description_of_ligatures_is_kept_and_found(shop: Shop) -> None:
    ligatures = await shop.refusals(
        "createProduct", sku="A", name="Tea", description="ﷺ" * 10_000,
        price={"amount": "1", "currency": "EUR"},
    )  # fmt: skip

    assert ligatures == []
    assert await skus(shop, filter={"search": "ﷺ"}) == ["A"]
