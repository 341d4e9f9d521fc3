"""One operation by its plan and by graphql-core."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from graphql import GraphQLSchema

from service.accounts.tokens import TokenSigner
from service.app import new_cron
from service.engine.budget import Limits
from service.engine.documents import Documents
from service.engine.execution import Answer, Execution
from service.engine.meter import Meter
from service.operations.order_placement import (
    Reservations,
)
from service.operations.product_writer import ProductWriter
from service.operations.rules.access import LOCAL_ADMIN
from service.schema.relay.context import Context
from service.schema.relay.loaders import Loaders
from service.schema.types.nodes import node_kinds
from tests.service.conftest import settings_for

UNLIMITED = Limits(10**9, 10**9, 10**9, 10**9, 10**9, page_rows_default=20, page_rows_max=100)
TOKENS_MAX = 10_000


def documents_of(schema: GraphQLSchema, *, compiled: bool = True) -> Documents:
    return Documents(schema, UNLIMITED, TOKENS_MAX, compiled=compiled)


def context_for(url: str) -> Context:
    jobs = new_cron(settings_for(url))
    return Context(
        caller=LOCAL_ADMIN,
        loaders=Loaders(LOCAL_ADMIN, Meter(1_000, 1_000_000), node_kinds(jobs)),
        product_writer=ProductWriter(),
        tokens=TokenSigner(None, 60),
        jobs=jobs,
        reservations=Reservations(),
        origin=SimpleNamespace(address="here"),
    )


async def both_ways(
    execution: Execution, text: str, variables: dict[str, Any], url: str
) -> tuple[Answer, Answer]:
    """The answer of the plan, and that of graphql-core."""
    prepared = documents_of(execution.graphql_schema).prepare(text, None, variables)
    assert prepared.plan is not None

    by_plan = await execution.run(prepared, variables, context_for(url), "id")
    by_core = await execution.run(replace(prepared, plan=None), variables, context_for(url), "id")
    return by_plan, by_core
