"""The compiled plan and graphql-core's executor give the same answers."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
import strawberry
from graphql import (
    GraphQLObjectType,
    GraphQLOutputType,
    OperationDefinitionNode,
    get_named_type,
    is_leaf_type,
    parse,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.types.scalar import DEFAULT_SCALAR_REGISTRY
from strawberry.types.arguments import convert_arguments

from service.database.connect import connected
from service.engine.compiled.arguments import arguments_converter
from service.engine.compiled.compiler import compile_operation
from service.engine.execution import Execution
from service.models import ProductStatus
from service.operations.order_placement import (
    Address,
    Item,
    NewOrder,
    place_order,
)
from service.operations.product_writer import ProductWriter
from service.operations.products import NewProduct, create_product
from service.operations.reviews import NewReview, add_review
from service.operations.rules.access import LOCAL_ADMIN
from service.operations.users import NewUser, register_user
from service.schema.mutations.reviews import ReviewDecision
from service.schema.relay.ids import global_id, load_id_key
from service.schema.schema import Query, build_schema
from tests.service.engine.two_executors import both_ways, documents_of

SHOP = Execution(build_schema())
LISTS = ("products", "reviews", "orders", "users", "notifications")


@pytest.fixture
async def filled(sqlite_url: str) -> AsyncIterator[str]:
    """A shop with a little of everything."""
    async with connected(sqlite_url):
        await load_id_key()
        writer = ProductWriter()
        new = NewUser(email="a@example.com", password="long enough", full_name="A")
        user = await register_user(new)
        address = Address(name="A", line1="B", city="C", country="IR")
        for n in range(3):
            values = NewProduct(sku=f"P{n}", name=f"چای {n}", amount="1.5", currency="EUR", stock=9)
            product = await create_product(writer, LOCAL_ADMIN, values)
            review = NewReview(product_id=product.id, user_id=user.id, rating=n + 1)
            await add_review(LOCAL_ADMIN, review)
            order = NewOrder(
                items=(Item(product.id, 2),), shipping_address=address, customer_id=user.id
            )
            await place_order(LOCAL_ADMIN, order)
        yield sqlite_url


CONDITIONS = st.sampled_from(
    ["", "", "", "", " @include(if: $a)", " @skip(if: $a)", " @skip(if: true) @include(if: $a)"]
)


@st.composite
def selections(draw: st.DrawFn, kind: GraphQLOutputType, depth: int) -> str:
    """A selection set for a type: aliases, repeated fields, inline fragments and conditions."""
    named = get_named_type(kind)
    if is_leaf_type(named):
        return ""
    assert isinstance(named, GraphQLObjectType)
    leaves = [n for n, f in named.fields.items() if is_leaf_type(get_named_type(f.type))]
    others = [n for n in named.fields if n not in leaves] if depth else []
    names = draw(
        st.lists(st.sampled_from(["__typename", *leaves, *others]), min_size=1, max_size=5)
    )
    parts = []
    for name in names:
        inner = ""
        if name in named.fields:
            inner = draw(selections(named.fields[name].type, depth - 1))
        alias = draw(st.sampled_from(["", "", f"other_{name.strip('_')}: "]))
        parts.append(f"{alias}{name}{draw(CONDITIONS)}{inner}")
    text = " ".join(parts)
    if draw(st.booleans()):
        text = f"... on {named.name}{draw(CONDITIONS)} {{ {text} }} __typename"
    return f" {{ {text} }}"


@st.composite
def queries(draw: st.DrawFn) -> str:
    """A query for one or two lists of the shop."""
    query = SHOP.graphql_schema.query_type
    assert query is not None
    roots = draw(st.lists(st.sampled_from(LISTS), min_size=1, max_size=2, unique=True))
    text = "{" + " ".join(r + draw(selections(query.fields[r].type, 6)) for r in roots) + "}"
    return f"query ($a: Boolean!) {text}" if "$a" in text else text


@settings(
    max_examples=3 * settings().max_examples // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_query_of_the_shop_is_answered_as_by_graphql_core(
    data: st.DataObject, filled: str
) -> None:
    text = data.draw(queries())
    given = {"a": data.draw(st.booleans())} if "$a" in text else {}

    by_plan, by_core = asyncio.get_event_loop().run_until_complete(
        both_ways(SHOP, text, given, filled)
    )

    assert by_plan == by_core
    assert list(by_plan.data or ()) == list(by_core.data or ())


@pytest.mark.parametrize("condition", [True, False, None])
@pytest.mark.parametrize(
    "text",
    [
        "query ($i: [ID!]!) { nodes(ids: $i) { id kind: __typename ... on Product { name } "
        "... on Order { number lines { edges { node { sku } } } } ...U } } "
        "fragment U on User { email orders { totalCount } }",
        "query ($i: [ID!]!) { nodes(ids: $i) { ... on Node { id } } }",
        "query ($c: Boolean = true) { products { edges { node { sku @skip(if: $c) "
        "name @include(if: $c) ... @include(if: $c) { stock } ...F @skip(if: $c) } } } } "
        "fragment F on Product { slug reviews @include(if: true) { totalCount } }",
        "query ($c: Boolean = false) { orders { totalCount @skip(if: $c) edges { cursor } } }",
    ],
)
async def test_interfaces_and_conditions_are_answered_as_by_graphql_core(
    text: str, condition: bool | None, filled: str
) -> None:
    given: dict[str, Any] = {"c": condition} if "$c" in text and condition is not None else {}
    if "$i" in text:
        given["i"] = [global_id(kind, 1) for kind in ("Product", "Order", "User", "Order")]

    by_plan, by_core = await both_ways(SHOP, text, given, filled)

    assert by_plan == by_core
    assert by_plan.data


def test_a_plan_is_made_for_each_combination_of_conditions() -> None:
    text = "query ($c: Boolean!) { products { totalCount @skip(if: $c) edges { cursor } } }"
    documents = documents_of(SHOP.graphql_schema)

    plans = [documents.prepare(text, None, {"c": value}).plan for value in (True, False, True)]

    assert plans[0] is plans[2]
    assert plans[0] is not plans[1]


MONEY = {"amount": "1", "currency": "EUR"}
INPUTS: dict[str, dict[str, Any]] = {
    "createProduct": {"sku": "S", "name": "N", "price": MONEY, "status": ProductStatus.DRAFT},
    "createProducts": {"products": [{"sku": "S", "name": "N", "price": MONEY, "slug": None}]},
    "updateProduct": {"id": "x", "price": None, "name": "N"},
    "moderateReview": {"id": "x", "decision": ReviewDecision.APPROVE},
    "placeOrder": {
        "lines": [{"productId": "x"}, {"productId": "y", "quantity": 2}],
        "shippingAddress": {"name": "N", "line1": "L", "city": "C", "country": "IR"},
        "idempotencyKey": "k",
    },
    "sendNotification": {"userId": "x", "title": "T", "data": {"a": [1, {"b": None}]}},
}


@pytest.mark.parametrize("mutation", INPUTS)
def test_inputs_are_built_as_by_strawberry(mutation: str) -> None:
    kind = SHOP.graphql_schema.mutation_type
    assert kind is not None
    definition = kind.fields[mutation]
    field = definition.extensions["strawberry-definition"]
    given = {"input": INPUTS[mutation]}

    ours = arguments_converter(definition, field)(given)
    theirs = convert_arguments(
        given, field.arguments, scalar_registry=DEFAULT_SCALAR_REGISTRY, config=StrawberryConfig()
    )

    assert ours == theirs


@pytest.mark.parametrize(
    "text",
    [
        "query @include(if: true) { products { totalCount } }",
        "{ __schema { queryType { name } } }",
    ],
)
def test_what_the_plan_does_not_cover_is_left_to_graphql_core(text: str) -> None:
    ast = parse(text)
    operation = cast(OperationDefinitionNode, ast.definitions[0])

    assert compile_operation(SHOP.graphql_schema, ast, operation, None) is None


def test_a_subscription_is_left_to_graphql_core() -> None:
    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def ticks(self) -> AsyncIterator[int]:
            yield 1

    schema = strawberry.Schema(query=Query, subscription=Subscription)
    ast = parse("subscription { ticks }")
    operation = cast(OperationDefinitionNode, ast.definitions[0])

    assert compile_operation(schema._schema, ast, operation, None) is None
