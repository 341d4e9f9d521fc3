"""Refusals as problem documents (RFC 9457)."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import orjson
from aiohttp import web

from service.errors import ErrorCode, Problem

PROBLEM_JSON = "application/problem+json"
CHALLENGE = 'Bearer realm="kooch"'
"""The challenge of a 401 (RFC 9110, section 15.5.2) without a token (RFC 6750, section 3)."""

_STATUS_OF_CODE = {
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.TAKEN: 409,
}


def status_of(problems: Sequence[Problem]) -> int:
    """422, unless the first problem has a more specific status."""
    return _STATUS_OF_CODE.get(problems[0].code, 422)


def problem_response(
    status: int,
    detail: str,
    problems: Sequence[Problem] = (),
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """A problem document, with an extension `errors` that points to fields (RFC 6901)."""
    document = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "errors": [
            {"pointer": _pointer(problem.field), "code": problem.code, "detail": problem.message}
            for problem in problems
        ],
    }
    return _response(document, status, PROBLEM_JSON, headers)


def error_response(
    request: web.Request, status: int, message: str, headers: Mapping[str, str] | None = None
) -> web.Response:
    """An error in the form of its path: a problem document for REST, else GraphQL's `errors`."""
    if request.path == "/products" or request.path.startswith("/products/"):
        return problem_response(status, message, headers=headers)
    body = {"errors": [{"message": message}]}
    return _response(body, status, "application/json; charset=utf-8", headers)


def _response(
    body: Mapping[str, object], status: int, media_type: str, headers: Mapping[str, str] | None
) -> web.Response:
    challenge = {"WWW-Authenticate": CHALLENGE} if status == 401 else {}
    given = {"Content-Type": media_type, **challenge, **(headers or {})}
    return web.Response(body=orjson.dumps(body), status=status, headers=given)


def _pointer(path: Sequence[str]) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)
