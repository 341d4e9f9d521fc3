"""What happens around every request, outermost first: observing, guarding, authenticating."""

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from service.database.faults import database_failure
from service.errors import Rejected
from service.http.app_keys import CALLER, OPERATION, REQUEST_ID, TOKENS
from service.http.metrics import REQUEST_DURATION_S
from service.http.peers import calls_from_here
from service.http.problems import error_response
from service.operations.rules.access import LOCAL_ADMIN, VISITOR
from service.settings import LOOPBACK_HOSTS

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger("service.http")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_BEARER = "bearer "


def observe(timeout_s: float) -> Middleware:
    """Name the request, limit its time, log it once, and answer every error in JSON."""

    @web.middleware
    async def observed(request: web.Request, handler: Handler) -> web.StreamResponse:
        named = request.headers.get("X-Request-Id", "")
        request_id = named if _REQUEST_ID.fullmatch(named) else secrets.token_hex(8)
        request[REQUEST_ID] = request_id
        start = time.perf_counter()
        deadline = asyncio.timeout(timeout_s)
        try:
            async with deadline:
                response = await handler(request)
        except Exception as error:  # noqa: BLE001 - Every error becomes an answer here.
            took = f"longer than {timeout_s:g} s" if deadline.expired() else "too long"
            response = _answer_to(error, request, took)
        response.headers["X-Request-Id"] = request_id
        _record(request, response, time.perf_counter() - start)
        return response

    return observed


def _answer_to(error: Exception, request: web.Request, took: str) -> web.Response:
    if isinstance(error, web.HTTPException):
        allow = error.headers.get("Allow")
        return error_response(
            request, error.status, error.reason, {"Allow": allow} if allow else None
        )
    if isinstance(error, TimeoutError):
        message = (
            f"This took {took} and was given up. Its changes may have been made nevertheless: "
            "look before you repeat it."
        )
        return error_response(request, 503, message)
    if failure := database_failure(error):
        return error_response(request, 503, str(failure))
    request_id = request[REQUEST_ID]
    log.error("request failed", request_id=request_id, path=request.path, exc_info=error)
    return error_response(
        request, 500, f"Something went wrong on our side. Please quote {request_id}."
    )


def _record(request: web.Request, response: web.StreamResponse, duration_s: float) -> None:
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else "unknown"
    REQUEST_DURATION_S.labels(request.method, route, str(response.status)).observe(duration_s)
    log.info(
        "request",
        request_id=request[REQUEST_ID],
        method=request.method,
        path=request.path,
        operation=request.get(OPERATION),
        status=response.status,
        duration_ms=round(duration_s * 1000, 2),
    )


@web.middleware
async def guard_host(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Serve the machine's own administrator under loopback names only.

    Without this, a foreign page could make its own name resolve to 127.0.0.1 (DNS rebinding)
    and would then have the same origin as the open service.
    """
    host = (request.host or "").lower()
    name = host[1 : host.find("]")] if host.startswith("[") else host.partition(":")[0]
    if name not in LOOPBACK_HOSTS:
        message = f"This service answers to {', '.join(sorted(LOOPBACK_HOSTS))}."
        return error_response(request, 421, message)
    return await handler(request)


def authenticate(*, is_open: bool) -> Middleware:
    """Find the caller: by bearer token (RFC 6750), else a visitor or the local administrator.

    The local administrator calls an open service from this machine, and not through a proxy.
    """

    @web.middleware
    async def authenticated(request: web.Request, handler: Handler) -> web.StreamResponse:
        header = request.headers.get("Authorization")
        try:
            if header is None:
                is_local = is_open and calls_from_here(request)
                request[CALLER] = LOCAL_ADMIN if is_local else VISITOR
            else:
                is_bearer = header.lower().startswith(_BEARER)
                token = header[len(_BEARER) :].strip() if is_bearer else ""
                request[CALLER] = await request.app[TOKENS].principal(token)
        except Rejected as rejected:
            challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            return error_response(request, 401, str(rejected), challenge)
        return await handler(request)

    return authenticated
