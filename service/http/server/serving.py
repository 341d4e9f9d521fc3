"""Listening until the process is asked to stop."""

import asyncio
import gc
import signal
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from service.http.server.connections import BACKLOG, KEEPALIVE_S, ConnectionLimits, Gate

GC_THRESHOLDS = (5_000, 20, 50)
"""Allocations before a collection of the young, and collections before one of the older."""


@dataclass(frozen=True, slots=True)
class Listening:
    """The address, and how long a shutdown waits for requests in flight."""

    host: str
    port: int
    shutdown_timeout_s: float


async def serve(
    app: web.Application,
    where: Listening,
    limits: ConnectionLimits,
    started: Callable[[], None],
) -> None:
    """Serve until SIGINT or SIGTERM, then finish the requests in flight.

    Raises OSError if the address cannot be used, and any error of the application's start.
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
    assert runner.server is not None  # `setup` has made it.
    gate = Gate(runner.server, limits)
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(gate, where.host, where.port, backlog=BACKLOG)
    watching = asyncio.create_task(gate.watch(), name="connections")
    # Objects of the start-up stay alive, so the collector, which stops everything, need not
    # visit them. Its own thresholds would have it collect far too often.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    started()
    stopping = asyncio.create_task(stop.wait(), name="stop")
    try:
        # If the watch ends, stop: without it, slow clients could take all connections.
        done, _ = await asyncio.wait({stopping, watching}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        stopping.cancel()
        watching.cancel()
        listener.close()
