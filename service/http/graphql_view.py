"""GraphQL over HTTP, as its specification has it (draft of 2025).

Strawberry's own view answers every error with 200 or plain text; this one keeps
its place in the router and its JSON coding, and replaces the way in between.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import strawberry
from aiohttp import web
from graphql import OperationType
from strawberry.aiohttp.views import GraphQLView as StrawberryView
from typing_extensions import override

from service.engine.budget import Limits, Measure
from service.engine.documents import Documents, RequestRefused
from service.engine.execution import Answer, Execution, formatted
from service.http.app_keys import OPERATION, REQUEST_ID
from service.http.bodies import read_body
from service.http.negotiation import GRAPHQL_RESPONSE, JSON, answer_type
from service.schema.relay.context import Context


@dataclass(frozen=True, slots=True)
class Call:
    """The parameters of a request, checked for their types only."""

    query: str
    operation_name: str | None
    variables: Mapping[str, Any]


class BadRequest(Exception):
    """The request is not a well-formed GraphQL request; nothing of it was looked at."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


class GraphQLView(StrawberryView[Context, None]):
    """`POST /graphql`, and `GET` for queries."""

    def __init__(
        self,
        schema: strawberry.Schema,
        limits: Limits,
        tokens_max: int,
        answer_bytes_max: int,
        new_context: Callable[[web.Request], Context],
        *,
        introspection: bool,
    ) -> None:
        super().__init__(schema, graphql_ide=None, subscription_protocols=())
        self._execution = Execution(schema)
        self._documents = Documents(
            self._execution.graphql_schema, limits, tokens_max, introspection=introspection
        )
        self._new_context = new_context
        self._answer_bytes_max = answer_bytes_max

    @override
    async def __call__(self, request: web.Request) -> web.StreamResponse:
        media_type = answer_type(request.headers.get("Accept"))
        if media_type is None:
            message = f"The answer can be {GRAPHQL_RESPONSE} or {JSON}."
            return _response({"errors": [{"message": message}]}, JSON, 406)
        try:
            call = await _read(request)
            return await self._answer(request, call, media_type)
        except BadRequest as error:
            body = {"errors": [{"message": str(error)}]}
            return _response(body, media_type, error.status, error.headers)

    async def _answer(self, request: web.Request, call: Call, media_type: str) -> web.Response:
        request_id = request[REQUEST_ID]
        try:
            document, operation, measured = self._documents.prepare(
                call.query, call.operation_name, call.variables
            )
        except RequestRefused as refused:
            errors = [formatted(error, request_id) for error in refused.errors]
            return _response({"errors": errors}, media_type, _refused_status(media_type))
        request[OPERATION] = operation.name.value if operation.name else operation.operation.value
        if request.method == "GET" and operation.operation is not OperationType.QUERY:
            raise BadRequest(405, "Only queries may use GET.", {"Allow": "POST"})
        context = self._new_context(request)
        answer = await self._execution.run(document, operation, call.variables, context, request_id)
        response = _executed(answer, measured, media_type)
        size = len(response.body) if isinstance(response.body, bytes) else 0
        if size <= self._answer_bytes_max:
            return response
        message = (
            f"The operation was executed, but its answer has {size} bytes; the limit is "
            f"{self._answer_bytes_max}. Ask for fewer rows at a time, by pages."
        )
        error = {"message": message, "extensions": {"code": "TOO_EXPENSIVE"}}
        return _response({"errors": [error], "data": None}, media_type, 200)


def _executed(answer: Answer, measured: Measure, media_type: str) -> web.Response:
    body: dict[str, Any] = {}
    if answer.errors:
        body["errors"] = answer.errors
    if not answer.is_request_error:
        body["data"] = answer.data
    body["extensions"] = {"cost": {"requested": measured.cost, "depth": measured.depth}}
    return _response(
        body, media_type, _refused_status(media_type) if answer.is_request_error else 200
    )


def _refused_status(media_type: str) -> int:
    return 400 if media_type == GRAPHQL_RESPONSE else 200


def _response(
    body: Mapping[str, Any], media_type: str, status: int, headers: Mapping[str, str] | None = None
) -> web.Response:
    return web.Response(
        body=orjson.dumps(body),
        status=status,
        headers={"Content-Type": f"{media_type}; charset=utf-8", **(headers or {})},
    )


async def _read(request: web.Request) -> Call:
    if request.method == "GET":
        return _call({key: _parameter(key, value) for key, value in request.query.items()})
    if request.content_type != JSON or (request.charset or "utf-8").lower() != "utf-8":
        # Browsers send JSON across origins only after asking first, and we never
        # agree: this check is also what keeps foreign pages from writing here.
        raise BadRequest(415, f"Send {JSON} in UTF-8.", {"Accept-Post": JSON})
    try:
        body = orjson.loads(await read_body(request))
    except orjson.JSONDecodeError as error:
        raise BadRequest(400, f"The body is not JSON: {error}.") from error
    except web.RequestPayloadError as error:
        raise BadRequest(400, "The body is not what its headers say.") from error
    if not isinstance(body, dict):
        raise BadRequest(400, "The body must be one JSON object; batches are not served.")
    return _call(body)


def _parameter(key: str, value: str) -> Any:
    if key not in {"variables", "extensions"} or not value:
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise BadRequest(400, f"{key} is not JSON: {error}.") from error


def _call(body: Mapping[str, Any]) -> Call:
    query = body.get("query")
    if not isinstance(query, str) or not query:
        raise BadRequest(400, "query must be a GraphQL document.")
    operation_name, variables = body.get("operationName"), body.get("variables")
    if not isinstance(operation_name, str | None):
        raise BadRequest(400, "operationName must be a string.")
    for key in ("variables", "extensions"):
        if not isinstance(body.get(key), dict | None):
            raise BadRequest(400, f"{key} must be an object.")
    return Call(query, operation_name or None, variables or {})
