"""GraphQL over HTTP, as its specification has it (draft of 2025).

Strawberry's own view answers every error with 200 or plain text, so it is not used.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web
from graphql import OperationType

from service.engine.document import RequestRefused
from service.engine.documents import Documents, Prepared
from service.engine.execution import Answer, Execution, formatted
from service.http.app_keys import OPERATION, REQUEST_ID
from service.http.bodies import read_body
from service.http.middleware import Handler
from service.http.negotiation import GRAPHQL_RESPONSE, JSON, answer_type
from service.schema.relay.context import Context


@dataclass(frozen=True, slots=True)
class Call:
    """The parameters of a request, checked for their types only."""

    query: str
    operation_name: str | None
    variables: Mapping[str, Any]


class BadRequest(Exception):
    """The request is not a well-formed GraphQL request; nothing of it was executed."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


def graphql_view(
    documents: Documents,
    execution: Execution,
    new_context: Callable[[web.Request], Context],
    answer_bytes_max: int,
) -> Handler:
    """`POST /graphql`, and `GET` for queries."""

    async def answer_request(request: web.Request) -> web.StreamResponse:
        media_type = answer_type(request.headers.get("Accept"))
        if media_type is None:
            message = f"The answer can be {GRAPHQL_RESPONSE} or {JSON}."
            return _response({"errors": [{"message": message}]}, JSON, 406)
        try:
            call = await _read(request)
            prepared = documents.prepare(call.query, call.operation_name, call.variables)
        except BadRequest as error:
            body = {"errors": [{"message": str(error)}]}
            return _response(body, media_type, error.status, error.headers)
        except RequestRefused as refused:
            errors = [formatted(error, request[REQUEST_ID]) for error in refused.errors]
            return _response({"errors": errors}, media_type, _refused_status(media_type))
        operation = prepared.operation
        request[OPERATION] = operation.name.value if operation.name else operation.operation.value
        if request.method == "GET" and operation.operation is not OperationType.QUERY:
            body = {"errors": [{"message": "Only queries may use GET."}]}
            return _response(body, media_type, 405, {"Allow": "POST"})
        answer = await execution.run(
            prepared, call.variables, new_context(request), request[REQUEST_ID]
        )
        return _bounded(_executed(answer, prepared, media_type), media_type, answer_bytes_max)

    return answer_request


def _executed(answer: Answer, prepared: Prepared, media_type: str) -> web.Response:
    body: dict[str, Any] = {}
    if answer.errors:
        body["errors"] = answer.errors
    if not answer.is_request_error:
        body["data"] = answer.data
    measured = prepared.measure
    body["extensions"] = {"cost": {"requested": measured.cost, "depth": measured.depth}}
    status = _refused_status(media_type) if answer.is_request_error else 200
    return _response(body, media_type, status)


def _bounded(response: web.Response, media_type: str, bytes_max: int) -> web.Response:
    """The response, or an error in its place if it is too large to be sent."""
    size = len(response.body) if isinstance(response.body, bytes) else 0
    if size <= bytes_max:
        return response
    message = (
        f"The operation was executed, but its answer has {size} bytes; the limit is "
        f"{bytes_max}. Ask for fewer rows at a time, by pages."
    )
    error = {"message": message, "extensions": {"code": "TOO_EXPENSIVE"}}
    return _response({"errors": [error], "data": None}, media_type, 200)


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
        # Browsers send JSON across origins only after a preflight, which is never granted: this
        # check also prevents foreign pages from writing here.
        raise BadRequest(415, f"Send {JSON} in UTF-8.", {"Accept-Post": JSON})
    try:
        body = orjson.loads(await read_body(request))
    except orjson.JSONDecodeError as error:
        raise BadRequest(400, f"The body is not JSON: {error}.") from error
    except web.RequestPayloadError as error:
        raise BadRequest(400, "The body does not match its headers.") from error
    if not isinstance(body, dict):
        raise BadRequest(400, "The body must be one JSON object; batches are not supported.")
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
