"""What no row can have matches nothing, whichever argument it comes in by."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    get_named_type,
)

from service.schema.schema import build_schema
from tests.service.conftest import Shop

SCHEMA = build_schema()._schema
NOBODYS = ("x" * 300, "x" * 20_000, "a\0b", "ﷺ" * 255)
LEAVES = {"Int": 1, "Boolean": True, "DateTime": "2026-11-24T12:00:00Z", "JSON": {}, "Float": 1.0}


def plain(kind: Any) -> Any:
    """Some value of an input type."""
    if isinstance(kind, GraphQLNonNull):
        return plain(kind.of_type)
    if isinstance(kind, GraphQLList):
        return [plain(kind.of_type)]
    if isinstance(kind, GraphQLInputObjectType):
        fields = kind.fields.items()
        return {n: plain(f.type) for n, f in fields if isinstance(f.type, GraphQLNonNull)}
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    return LEAVES.get(kind.name, "x")


def with_text(kind: Any, text: str) -> Iterator[Any]:
    """Values of an input type, in each of which another one of its strings is the text."""
    if isinstance(kind, GraphQLNonNull):
        yield from with_text(kind.of_type, text)
    elif isinstance(kind, GraphQLList):
        yield from ([value] for value in with_text(kind.of_type, text))
    elif isinstance(kind, GraphQLInputObjectType):
        for name, field in kind.fields.items():
            for value in with_text(field.type, text):
                yield plain(kind) | {name: value}
    elif isinstance(kind, GraphQLScalarType) and kind.name in {"String", "ID"}:
        yield text


def operations(root: str, text: str) -> Iterator[tuple[str, Any]]:
    """Every field of a root type with the text in each place that takes one."""
    kind = SCHEMA.query_type if root == "query" else SCHEMA.mutation_type
    assert kind is not None
    for name, field in kind.fields.items():
        for argument, definition in field.args.items():
            for value in with_text(definition.type, text):
                selection = f"{name}({argument}: $v) {{ __typename {_rows(field)} }}"
                yield f"{root} ($v: {definition.type}) {{ {selection} }}", value


def _rows(field: GraphQLField) -> str:
    return "totalCount" if get_named_type(field.type).name.endswith("Connection") else ""


@pytest.mark.parametrize("root", ["query", "mutation"])
async def test_no_text_in_any_argument_is_a_defect_or_reaches_the_log(
    shop: Shop, root: str, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = [operation for text in NOBODYS for operation in operations(root, text)]

    codes = {}
    for query, value in asked:
        body = await (await shop.post(query, v=value)).json()
        codes[query, str(value)[:60]] = {
            error.get("extensions", {}).get("code") for error in body.get("errors", ())
        }

    assert len(codes) > 60
    assert [operation for operation, found in codes.items() if "INTERNAL" in found] == []
    logged = "".join(capfd.readouterr())
    assert not any(text[:30] in logged for text in NOBODYS)


@pytest.mark.parametrize("text", NOBODYS)
async def test_a_value_that_no_row_can_have_matches_nothing(shop: Shop, text: str) -> None:
    sara = await shop.user()
    await shop.place(sara, (await shop.product(), 1))

    found = await shop.ask(
        """query ($v: String!) {
          bySku: product(sku: $v) { id } bySlug: product(slug: $v) { id } order(number: $v) { id }
          priced: products(filter: {currency: $v}) { totalCount }
          named: products(filter: {sku: [$v]}) { totalCount }
          orders(filter: {currency: $v}) { totalCount }
          users(filter: {email: $v}) { totalCount } }""",
        v=text,
    )
    refused = await shop.refusals("logIn", email=text, password="correct horse battery")

    none = {"totalCount": 0}
    assert found == {
        "bySku": None, "bySlug": None, "order": None,
        "priced": none, "named": none, "orders": none, "users": none,
    }  # fmt: skip
    assert refused == [("", "UNAUTHENTICATED")]


@pytest.mark.parametrize(
    ("root", "sort", "column", "length_max"),
    [("products", "NAME", "name", 200), ("users", "EMAIL", "email_key", 254)],
)
async def test_a_cursor_holds_no_more_than_its_column(
    shop: Shop, root: str, sort: str, column: str, length_max: int
) -> None:
    query = f"query ($c: String) {{ {root}(after: $c, sort: {{by: {sort}}}) {{ totalCount }} }}"
    longest, longer, broken = (
        urlsafe_b64encode(orjson.dumps([column, text, 1])).decode()
        for text in ("x" * length_max, "x" * (length_max + 1), "a\0b")
    )

    await shop.ask(query, c=longest)
    refusals = [(await shop.errors(query, c=cursor))[0] for cursor in (longer, broken)]

    assert [refusal["extensions"]["code"] for refusal in refusals] == ["INVALID", "INVALID"]


async def test_a_name_is_looked_up_composed_and_otherwise_exactly(shop: Shop) -> None:
    tea = await shop.product("Thé-1")
    query = "query ($v: String) { product(sku: $v) { id } }"

    found = [(await shop.ask(query, v=sku))["product"] for sku in ("The\u0301-1", "Thé-1 ")]

    assert found == [{"id": tea}, None]


async def test_a_time_of_any_zone_is_the_same_moment(shop: Shop) -> None:
    sara = await shop.user()
    await shop.place(sara, (await shop.product(), 1))
    query = "query ($f: OrderFilter) { orders(filter: $f) { totalCount } }"
    order = "{ orders { edges { node { placedAt } } } }"
    placed = (await shop.ask(order))["orders"]["edges"][0]["node"]["placedAt"]

    counts = [
        (await shop.ask(query, f={field: _in_zone(placed, hours)}))["orders"]["totalCount"]
        for hours in (0, 14, -12)
        for field in ("placedFrom", "placedBefore")
    ]
    ends = {"placedFrom": "0001-01-01T00:00:00+14:00", "placedBefore": "9999-12-31T23:59:59-12:00"}

    assert counts == [1, 0] * 3
    assert (await shop.ask(query, f=ends))["orders"]["totalCount"] == 1


def _in_zone(time: str, hours: int) -> str:
    zone = timezone(timedelta(hours=hours))
    return datetime.fromisoformat(time).astimezone(zone).isoformat()
