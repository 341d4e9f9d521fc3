"""Listening, until somebody asks for an end."""

import asyncio
import gc
import signal
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from service.http.server.connections import BACKLOG, KEEPALIVE_S, ConnectionLimits, Gate

GC_THRESHOLDS = (5_000, 20, 50)
"""Objects until the young are looked at, and how many such rounds until the older are."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where, and for how long an end waits for requests in flight."""

    host: str
    port: int
    shutdown_timeout_s: float


async def serve(
    app: web.Application,
    where: Listening,
    limits: ConnectionLimits,
    started: Callable[[], None],
) -> None:
    """Serve until SIGINT or SIGTERM, then answer what is in flight.

    Raises OSError if it cannot listen there, and what the application's start raises.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(
        app,
        access_log=None,
        keepalive_timeout=KEEPALIVE_S,
        shutdown_timeout=where.shutdown_timeout_s,
    )
    try:
        await runner.setup()
        await _listen(runner, where, limits, started, stop)
    finally:
        await runner.cleanup()


async def _listen(
    runner: web.AppRunner,
    where: Listening,
    limits: ConnectionLimits,
    started: Callable[[], None],
    stop: asyncio.Event,
) -> None:
    assert runner.server is not None  # It is there after `setup`.
    gate = Gate(runner.server, limits)
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(gate, where.host, where.port, backlog=BACKLOG)
    watching = asyncio.create_task(gate.watch(), name="connections")
    # What is here now stays: the collector, which stops everything, need not look at it. It
    # judges by what is left how often to look at all of it, which would be far too often.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    started()
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        # Without its watch the service would serve on, open to whoever keeps it waiting.
        done, _ = await asyncio.wait({stopping, watching}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        stopping.cancel()
        watching.cancel()
        listener.close()
