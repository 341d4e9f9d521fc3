"""Running a prepared operation, and telling defects from refusals in its errors."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import strawberry
import structlog
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    execute,
)
from graphql.execution.values import VariableValues, get_variable_values

from service.database.faults import database_failure
from service.engine.documents import Document
from service.errors import OutcomeUnknown, Rejected

log = structlog.get_logger("service.schema")

ERRORS_MAX = 5
ERRORS_SHOWN_MAX = 20
"""One cause can spoil thousands of places of an answer."""

Errors = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """`data` is None with `is_request_error` when nothing was executed."""

    data: Mapping[str, Any] | None
    errors: Errors
    is_request_error: bool


@dataclass(frozen=True, slots=True)
class ResolveInfo:
    """What our resolvers use of graphql-core's object of this name."""

    context: Any


class Execution:
    """Executes prepared operations against one schema: by their plan, else by graphql-core.

    It calls graphql-core directly: Strawberry's own `Schema.execute` would look for
    extensions that are not there, and parse and validate what already is.
    """

    def __init__(self, schema: strawberry.Schema) -> None:
        self.graphql_schema = schema._schema
        self._executor = schema.execution_context_class

    async def run(
        self,
        document: Document,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
        context: Any,
        request_id: str,
    ) -> Answer:
        """Execute one operation; unexpected errors are masked, and logged with the request's id."""
        values = self._variables(operation, variables)
        if isinstance(values, list):
            return Answer(None, _formatted(values, request_id), True)
        plan = document.plan(self.graphql_schema, operation, values)
        if plan is not None:
            data, errors = await plan.run(ResolveInfo(context), values)
            return Answer(data, _formatted(errors, request_id), False)
        return await self.run_by_graphql_core(
            document.ast, operation, variables, context, request_id
        )

    def _variables(
        self, operation: OperationDefinitionNode, variables: Mapping[str, Any]
    ) -> VariableValues | list[GraphQLError] | None:
        definitions = operation.variable_definitions
        if not definitions:
            return None
        return get_variable_values(
            self.graphql_schema, definitions, dict(variables), ERRORS_MAX, hide_suggestions=True
        )

    async def run_by_graphql_core(
        self,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, Any],
        context: Any,
        request_id: str,
    ) -> Answer:
        """Execute by the general executor, which knows all of the language."""
        result: Any = execute(
            self.graphql_schema,
            document,
            context_value=context,
            variable_values=dict(variables),
            operation_name=operation.name.value if operation.name else None,
            executor_class=self._executor,
            max_coercion_errors=ERRORS_MAX,
            hide_suggestions=True,
        )
        if inspect.isawaitable(result):
            result = await result
        return _answer(result, request_id)


def _answer(result: ExecutionResult, request_id: str) -> Answer:
    errors = result.errors or ()
    is_request_error = result.data is None and all(error.path is None for error in errors)
    return Answer(result.data, _formatted(errors, request_id), bool(is_request_error))


def _formatted(errors: Sequence[GraphQLError], request_id: str) -> Errors:
    return [formatted(error, request_id) for error in errors[:ERRORS_SHOWN_MAX]]


def formatted(error: GraphQLError, request_id: str) -> Mapping[str, Any]:
    """The error as clients may see it."""
    shown = dict(error.formatted)
    original = error.original_error
    while isinstance(original, GraphQLError) and original.original_error is not None:
        original = original.original_error
    if original is None or isinstance(original, GraphQLError):
        return shown
    if isinstance(original, Rejected):
        problem = original.problems[0]
        shown["extensions"] = {"code": problem.code.value, "field": list(problem.field)}
        return shown
    if failure := database_failure(original):
        log.error("database unavailable", request_id=request_id, error=type(original).__name__)
        is_open = isinstance(failure, OutcomeUnknown)
        shown["message"] = str(failure)
        shown["extensions"] = {"code": "OUTCOME_UNKNOWN" if is_open else "UNAVAILABLE"}
        return shown
    log.error("operation failed", path=error.path, request_id=request_id, exc_info=original)
    shown["message"] = f"Something went wrong on our side. Please quote {request_id}."
    shown["extensions"] = {"code": "INTERNAL", "requestId": request_id}
    return shown
