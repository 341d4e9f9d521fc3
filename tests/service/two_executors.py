"""One operation by its plan and by graphql-core."""

from types import SimpleNamespace
from typing import Any, cast

from graphql import (
    GraphQLSchema,
    OperationDefinitionNode,
    parse,
    validate,
)
from graphql.execution.values import VariableValues, get_variable_values

from service.accounts.tokens import TokenSigner
from service.app import new_cron
from service.engine.budget import survey
from service.engine.documents import Document
from service.engine.execution import Answer, Execution
from service.engine.meter import Meter
from service.operations.order_placement import (
    Reservations,
)
from service.operations.product_writer import ProductWriter
from service.operations.rules.access import LOCAL_ADMIN
from service.schema.relay.context import Context
from service.schema.relay.loaders import Loaders
from tests.service.conftest import settings_for


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
