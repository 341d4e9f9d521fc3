"""The compiled plan and graphql-core's executor give the same answers."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
import strawberry
from graphql import (
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    is_leaf_type,
    parse,
    validate,
)
from graphql.execution.values import VariableValues, get_variable_values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.types.scalar import DEFAULT_SCALAR_REGISTRY
from strawberry.types.arguments import convert_arguments

from service.app import new_cron
from service.database import connected
from service.models import ProductStatus
from service.operations.access import LOCAL_ADMIN
from service.operations.order_placement import (
    Address,
    Item,
    NewOrder,
    Reservations,
    place_order,
)
from service.operations.product_writer import ProductWriter
from service.operations.products import NewProduct, create_product
from service.operations.reviews import NewReview, add_review
from service.operations.tokens import TokenSigner
from service.operations.users import NewUser, register_user
from service.schema.arguments import arguments_converter
from service.schema.budget import survey
from service.schema.compiler import compile_operation
from service.schema.context import Context
from service.schema.documents import Document
from service.schema.execution import Answer, Execution
from service.schema.loaders import Loaders
from service.schema.meter import Meter
from service.schema.node import global_id, load_id_key
from service.schema.reviews import ReviewDecision
from service.schema.schema import build_schema
from tests.service.conftest import settings_for

SHOP = Execution(build_schema())
LISTS = ("products", "reviews", "orders", "users", "notifications")


def document_of(text: str, schema: GraphQLSchema) -> tuple[Document, OperationDefinitionNode]:
    ast = parse(text)
    assert validate(schema, ast) == [], text
    operation = cast(OperationDefinitionNode, ast.definitions[0])
    conditions = tuple(survey(ast).conditions)
    return Document(ast, {None: operation}, {None: {}}, conditions=conditions), operation


async def both_ways(
    execution: Execution, text: str, variables: dict[str, Any], url: str
) -> tuple[Answer, Answer]:
    """The answer of the plan, and that of graphql-core."""
    document, operation = document_of(text, execution.graphql_schema)
    values = get_variable_values(
        execution.graphql_schema, operation.variable_definitions or (), variables
    )
    assert document.plan(execution.graphql_schema, operation, cast(VariableValues, values))

    def context() -> Context:
        return Context(
            caller=LOCAL_ADMIN,
            loaders=Loaders(LOCAL_ADMIN, Meter(1_000, 1_000_000)),
            writer=ProductWriter(),
            tokens=TokenSigner(None, 60),
            jobs=new_cron(settings_for(url)),
            reservations=Reservations(),
            origin=SimpleNamespace(address="here"),
        )

    by_plan = await execution.run(document, operation, variables, context(), "id")
    by_core = await execution.run_by_graphql_core(
        document.ast, operation, variables, context(), "id"
    )
    return by_plan, by_core


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
    max_examples=150,
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
    document, operation = document_of(text, SHOP.graphql_schema)
    schema = SHOP.graphql_schema

    plans = [
        document.plan(schema, operation, VariableValues({}, {"c": value}))
        for value in (True, False, True)
    ]

    assert plans[0] is plans[2]
    assert plans[0] is not plans[1]


@strawberry.type
class Leaf:
    good: str = "good"
    number: int = 1
    null: str = cast(str, None)
    huge: int = 2**40
    maybe: str | None = None


@strawberry.type
class Branch:
    leaf: Leaf = strawberry.field(default_factory=Leaf)
    maybe_leaf: Leaf | None = strawberry.field(default_factory=Leaf)
    leaves: list[Leaf] = strawberry.field(default_factory=lambda: [Leaf(), Leaf()])
    maybe_leaves: list[Leaf | None] = strawberry.field(default_factory=lambda: [Leaf(), None])

    @strawberry.field
    async def slow(self) -> Leaf:
        await asyncio.sleep(0)
        return Leaf()

    @strawberry.field
    async def failing(self) -> Leaf:
        raise ValueError("failed later")

    @strawberry.field
    async def maybe_failing(self) -> Leaf | None:
        raise ValueError("failed later, perhaps")

    @strawberry.field
    def failing_at_once(self) -> int:
        raise ValueError("failed at once")

    @strawberry.field
    async def with_arguments(self, a: int, b: list[str] | None = None) -> str:
        return f"{a} {b}"


@strawberry.type
class Query:
    @strawberry.field
    def branch(self) -> Branch:
        return Branch()

    @strawberry.field
    def maybe_branch(self) -> Branch | None:
        return Branch()

    @strawberry.field
    async def slow_branch(self) -> Branch | None:
        return Branch()


TREE = Execution(strawberry.Schema(query=Query))


@pytest.mark.parametrize(
    "text",
    [
        "{ branch { leaf { good number maybe __typename } leaves { good } } }",
        "{ maybeBranch { leaf { null } } }",
        "{ maybeBranch { maybeLeaf { good null } leaf { good } } }",
        "{ maybeBranch { leaf { huge good } } }",
        "{ maybeBranch { maybeLeaf { huge } maybeLeaves { number huge } } }",
        "{ maybeBranch { maybeLeaves { good null } } }",
        "{ maybeBranch { leaves { null } } }",
        "{ maybeBranch { slow { good } failing { good } } }",
        "{ maybeBranch { slow { null } } branch { leaf { good } } }",
        "{ maybeBranch { maybeFailing { good } leaf { good } } }",
        "{ maybeBranch { failingAtOnce leaf { good } } }",
        "{ branch { leaf { null } } }",
        "{ branch { failing { good } } }",
        "{ branch { failingAtOnce } }",
        "{ slowBranch { slow { good } maybeFailing { good } maybeLeaf { null } } }",
        "{ slowBranch { failing { good } leaves { good } } maybeBranch { leaf { good } } }",
        '{ branch { withArguments(a: 1, b: ["x", "y"]) other: withArguments(a: 2) } }',
        "query ($a: Int!, $b: [String!]) { branch { withArguments(a: $a, b: $b) } }",
        "{ branch { ...F leaf { number } } } fragment F on Branch { leaf { good } slow { good } }",
    ],
)
async def test_nulls_and_errors_are_answered_as_by_graphql_core(text: str, sqlite_url: str) -> None:
    variables = {"a": 7, "b": ["z"]} if "$a" in text else {}

    by_plan, by_core = await both_ways(TREE, text, variables, sqlite_url)

    assert by_plan.data == by_core.data

    def facts(answer: Answer) -> list[tuple[object, object]]:
        return sorted((str(e["path"]), str(e["locations"])) for e in answer.errors)

    assert facts(by_plan) == facts(by_core)


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
