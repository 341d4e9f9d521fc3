"""Prometheus metrics, in one place."""

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, Histogram, generate_latest

REQUEST_DURATION_S = Histogram(
    "kooch_request_duration_seconds",
    "Time from the request's header to the answer's.",
    ["method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


async def metrics(_request: web.Request) -> web.Response:
    """`GET /metrics`, in the text exposition format."""
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
