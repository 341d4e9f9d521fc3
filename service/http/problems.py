"""Refusals as problem documents (RFC 9457)."""

from collections.abc import Sequence

import orjson
from aiohttp import web

from service.errors import ErrorCode, Problem

PROBLEM_JSON = "application/problem+json"

_TITLES = {
    400: "The request is malformed.",
    401: "Authentication is required.",
    403: "This is not allowed.",
    404: "There is no such product.",
    409: "Another product has this value.",
    413: "The body is too large.",
    415: "The media type is not supported.",
    422: "Some values are not acceptable.",
}
_STATUS_OF_CODE = {
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.TAKEN: 409,
}


def status_of(problems: Sequence[Problem]) -> int:
    """422, unless the first problem says something more exact."""
    return _STATUS_OF_CODE.get(problems[0].code, 422)


def problem_response(status: int, detail: str, problems: Sequence[Problem] = ()) -> web.Response:
    """A problem document, with an extension `errors` that points to fields (RFC 6901)."""
    document = {
        "type": "about:blank",
        "title": _TITLES[status],
        "status": status,
        "detail": detail,
        "errors": [
            {"pointer": _pointer(problem.field), "code": problem.code, "detail": problem.message}
            for problem in problems
        ],
    }
    return web.Response(
        body=orjson.dumps(document), status=status, headers={"Content-Type": PROBLEM_JSON}
    )


def _pointer(path: Sequence[str]) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)
