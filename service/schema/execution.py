"""Running a prepared operation, and telling defects from refusals in its errors."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import strawberry
import structlog
from graphql import DocumentNode, ExecutionResult, GraphQLError, execute

from service.errors import DatabaseUnavailable, Rejected
from service.schema.context import Context

log = structlog.get_logger("service.schema")

Errors = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """`data` is None with `is_request_error` when nothing was executed."""

    data: Mapping[str, Any] | None
    errors: Errors
    is_request_error: bool


class Execution:
    """Executes documents against one schema.

    It calls graphql-core directly: Strawberry's own `Schema.execute` would look for
    extensions that are not there, and parse and validate what already is.
    """

    def __init__(self, schema: strawberry.Schema) -> None:
        self.graphql_schema = schema._schema
        self._executor = schema.execution_context_class

    async def run(
        self,
        document: DocumentNode,
        operation_name: str | None,
        variables: Mapping[str, Any],
        context: Context,
        request_id: str,
    ) -> Answer:
        """Execute one operation; unexpected errors are masked, and logged with the request's id."""
        result: Any = execute(
            self.graphql_schema,
            document,
            context_value=context,
            variable_values=dict(variables),
            operation_name=operation_name,
            executor_class=self._executor,
            hide_suggestions=True,
        )
        if inspect.isawaitable(result):
            result = await result
        return _answer(result, request_id)


def _answer(result: ExecutionResult, request_id: str) -> Answer:
    errors = result.errors or ()
    is_request_error = result.data is None and all(error.path is None for error in errors)
    return Answer(
        result.data, [formatted(error, request_id) for error in errors], bool(is_request_error)
    )


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
    if isinstance(original, DatabaseUnavailable):
        shown["extensions"] = {"code": "UNAVAILABLE"}
        return shown
    log.error("operation failed", path=error.path, request_id=request_id, exc_info=original)
    shown["message"] = f"Something went wrong on our side. Please quote {request_id}."
    shown["extensions"] = {"code": "INTERNAL", "requestId": request_id}
    return shown
