"""A limit on connections, and on how long each may keep the service waiting.

aiohttp closes connections that are idle between requests. But it waits forever for the rest
of a first header and for a client that does not read its answer, and it accepts as many
connections as there are file descriptors: a few clients that send slowly, or nothing, would
keep all others out.
"""

import asyncio
import resource
import time
from collections import Counter
from dataclasses import dataclass
from enum import Enum

import structlog
from aiohttp import web
from aiohttp.web_protocol import RequestHandler

log = structlog.get_logger("service.http")

SWEEP_S = 1.0
ANSWER_READ_TIMEOUT_S = 30
KEEPALIVE_S = 75
"""Longer than proxies keep an idle connection, so that the proxy closes it first."""
BACKLOG = 128
OTHER_DESCRIPTORS = 100 + BACKLOG
"""Files, the database's connections, and connections that are accepted at once."""
_REFUSAL_BODY = b'{"errors": [{"message": "All connections are taken; try again soon"}]}'
REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
) % (len(_REFUSAL_BODY), _REFUSAL_BODY)


Doing = tuple[bool, int]
"""Whether a request is being answered, and how many requests there were."""


class Closed(Enum):
    """Why a connection was closed; the value is what the log says."""

    NO_HEADER = "sent no whole header in time"
    UNREAD = "did not read the answer in time"
    MADE_ROOM = "was idle when all connections were taken"
    REFUSED = "came when all connections were busy"


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections there may be, and how long they may take."""

    connections_max: int
    header_timeout_s: float
    request_timeout_s: float


def connections_possible(wanted: int) -> int:
    """As many connections as are wanted, or as many as there are descriptors for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + OTHER_DESCRIPTORS
    if soft != resource.RLIM_INFINITY and soft < needed:
        soft = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        if soft < needed:
            possible = max(soft - OTHER_DESCRIPTORS, 1)
            log.warning("fewer connections than set", possible=possible, descriptors=soft)
            return possible
    return wanted


class Gate:
    """Makes the protocol of each accepted connection, and watches all of them."""

    def __init__(self, server: web.Server, limits: ConnectionLimits) -> None:
        self._server = server
        self._limits = limits
        # What each connection was doing at the last sweep, and since when.
        self._seen: dict[RequestHandler, tuple[Doing, float]] = {}
        # Accepted, but not started yet: many may be accepted at once.
        self._coming: list[RequestHandler] = []
        self._closed: Counter[Closed] = Counter()

    def __call__(self) -> asyncio.Protocol:
        """Admit a connection; if all are taken, an idle one is closed to make room."""
        open_ones = [one for one in self._server.connections if one.transport is not None]
        self._coming = [one for one in self._coming if not one._task_handler]
        taken = len(open_ones) + len(self._coming)
        if taken >= self._limits.connections_max and not self._make_room(open_ones):
            self._closed[Closed.REFUSED] += 1
            return _Refused()
        protocol = self._server()
        self._coming.append(protocol)
        return protocol

    def _make_room(self, connections: list[RequestHandler]) -> bool:
        idle = [one for one in connections if not one._request_in_progress]
        # First one that has sent no request yet, the oldest of them.
        chosen = min(idle, key=lambda one: one._request_count > 0, default=None)
        if chosen is None:
            return False
        self._closed[Closed.MADE_ROOM] += 1
        chosen.force_close()
        return True

    async def watch(self) -> None:
        """Close connections that take too long, and log them, once every `SWEEP_S`."""
        while True:
            await asyncio.sleep(SWEEP_S)
            self._sweep(time.monotonic())
            for reason, count in self._closed.items():
                log.warning("connections closed", reason=reason.value, count=count)
            self._closed.clear()

    def _sweep(self, now: float) -> None:
        seen: dict[RequestHandler, tuple[Doing, float]] = {}
        for one in self._server.connections:
            doing = (one._request_in_progress, one._request_count)
            before, since = self._seen.get(one, (doing, now))
            seen[one] = (doing, since if before == doing else now)
            self._close_if_slow(one, now - seen[one][1])
        self._seen = seen

    def _close_if_slow(self, one: RequestHandler, took_s: float) -> None:
        if one._request_in_progress:
            if took_s > self._limits.request_timeout_s + ANSWER_READ_TIMEOUT_S and one.transport:
                self._closed[Closed.UNREAD] += 1
                # Closing would wait for the client to read the answer, which it does not do.
                one.transport.abort()
        elif one._request_count == 0 and took_s > self._limits.header_timeout_s:
            self._closed[Closed.NO_HEADER] += 1
            one.force_close()


class _Refused(asyncio.Protocol):
    """Answers that there is no room, and closes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(REFUSAL)
        transport.close()
