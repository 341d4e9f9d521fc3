"""One of several processes on one database: `python -m` this module `MODE URL`.

- `hang`: begins the tick of 9:00 and is at it until it is killed.
- `race`: pokes so many ticks, one after the other, as fast as it can.
- `serve`: runs a job of every second by the real clock, until its input is closed.

Each run is a line on the output: `begun TICK MONOTONIC_S`, then `ended TICK MONOTONIC_S`.
"""

import asyncio
import sys
import time
from datetime import timedelta
from typing import Any

from service.clock import utc_now
from service.cron.ticks import Tick
from service.database.connect import connected
from service.log import configure_logging
from tests.service.cron.scheduling import Clock, job, runner

RACE_TICKS = 150
FOR_EVER_S = 3600


def note(event: str, tick: Tick) -> None:
    """Write a line; the monotonic clock is the same for all processes of a machine."""
    sys.stdout.write(f"{event} {tick.scheduled_for.timestamp():.0f} {time.monotonic()}\n")
    sys.stdout.flush()


async def work(tick: Tick) -> dict[str, Any]:
    """Note the run, which takes a moment."""
    note("begun", tick)
    await asyncio.sleep(0.002)
    note("ended", tick)
    return {}


async def hang() -> None:
    """Begin the tick of 9:00 and never end."""

    async def forever(tick: Tick) -> dict[str, Any]:
        note("begun", tick)
        await asyncio.sleep(FOR_EVER_S)
        return {}

    await runner(Clock(), job(forever, timeout_s=FOR_EVER_S)).poke("bell")


async def race() -> None:
    """Poke tick after tick; the clocks of the processes run apart, so nothing is ever stale."""
    clock = Clock()
    cron = runner(clock, job(work, spec="* * * * *"), stale_s=10**6)
    for _ in range(RACE_TICKS):
        await cron.poke("bell")
        clock.now += timedelta(minutes=1)


async def serve() -> None:
    """Run until the input is closed."""
    cron = runner(utc_now, job(work, spec="* * * * * *"))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    cron.start()
    await asyncio.to_thread(sys.stdin.read)
    await cron.stop()


async def main(mode: str, url: str) -> None:
    """Connect and do as the mode says."""
    configure_logging("text", "warning")
    async with connected(url):
        await {"hang": hang, "race": race, "serve": serve}[mode]()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
