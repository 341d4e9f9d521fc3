"""Running a prepared operation, and showing refusals to clients but not defects."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import strawberry
import structlog
from graphql import ExecutionResult, GraphQLError, execute
from graphql.execution.values import get_variable_values

from service.database.faults import database_failure
from service.engine.documents import Prepared
from service.errors import OutcomeUnknown, Rejected

log = structlog.get_logger("service.schema")

ERRORS_MAX = 5
ERRORS_SHOWN_MAX = 20
"""One cause can lead to errors at thousands of places of an answer."""

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
    extensions that are not there, and parse and validate again.
    """

    def __init__(self, schema: strawberry.Schema) -> None:
        self.graphql_schema = schema._schema
        self._executor = schema.execution_context_class

    async def run(
        self, prepared: Prepared, variables: Mapping[str, Any], context: Any, request_id: str
    ) -> Answer:
        """Execute one operation; unexpected errors are masked, and logged with the request's id."""
        if prepared.plan is None:
            return await self._run_by_graphql_core(prepared, variables, context, request_id)
        values = None
        if definitions := prepared.operation.variable_definitions:
            values = get_variable_values(
                self.graphql_schema, definitions, dict(variables), ERRORS_MAX, hide_suggestions=True
            )
        if isinstance(values, list):
            return Answer(None, _formatted(values, request_id), True)
        data, errors = await prepared.plan.run(ResolveInfo(context), values)
        return Answer(data, _formatted(errors, request_id), False)

    async def _run_by_graphql_core(
        self, prepared: Prepared, variables: Mapping[str, Any], context: Any, request_id: str
    ) -> Answer:
        name = prepared.operation.name
        result: Any = execute(
            self.graphql_schema,
            prepared.document,
            context_value=context,
            variable_values=dict(variables),
            operation_name=name.value if name else None,
            executor_class=self._executor,
            max_coercion_errors=ERRORS_MAX,
            hide_suggestions=True,
        )
        found: ExecutionResult = await result if inspect.isawaitable(result) else result
        errors = found.errors or []
        is_request_error = found.data is None and all(error.path is None for error in errors)
        return Answer(found.data, _formatted(errors, request_id), is_request_error)


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
        is_unknown = isinstance(failure, OutcomeUnknown)
        shown["message"] = str(failure)
        shown["extensions"] = {"code": "OUTCOME_UNKNOWN" if is_unknown else "UNAVAILABLE"}
        return shown
    log.error("operation failed", path=error.path, request_id=request_id, exc_info=original)
    shown["message"] = f"Something went wrong on our side. Please quote {request_id}."
    shown["extensions"] = {"code": "INTERNAL", "requestId": request_id}
    return shown
