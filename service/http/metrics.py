"""Prometheus metrics, in one place, and who may read them."""

import secrets
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware
from prometheus_client import CONTENT_TYPE_LATEST, Histogram, generate_latest

from service.http.app_keys import CALLER
from service.http.problems import error_response

PATH = "/metrics"
REQUEST_DURATION_S = Histogram(
    "kooch_request_duration_seconds",
    "Time from the request's header to the answer's.",
    ["method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


async def metrics(request: web.Request) -> web.Response:
    """`GET /metrics` for staff, in the text exposition format."""
    caller = request[CALLER]
    if caller.is_staff:
        return _exposition()
    message = (
        "Metrics are for staff, and for clients that send SERVICE_METRICS_TOKEN as bearer token."
    )
    return error_response(request, 401 if caller.role is None else 403, message)


def metrics_by_token(token: str | None) -> Middleware:
    """Show the metrics to clients that send this token, which no user has: Prometheus."""
    expected = f"Bearer {token}".encode() if token is not None else None

    @web.middleware
    async def shown(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if expected is None or request.path != PATH or request.method not in {"GET", "HEAD"}:
            return await handler(request)
        given = request.headers.get("Authorization", "").encode("utf-8", "surrogateescape")
        return _exposition() if secrets.compare_digest(given, expected) else await handler(request)

    return shown


def _exposition() -> web.Response:
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
