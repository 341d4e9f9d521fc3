"""The load that a verification may put on the source."""

import asyncio
import time


class Readers:
    """At most so many readers at a time, which read at most so many rows a second together."""

    def __init__(self, number: int, rows_per_second: int | None) -> None:
        self._turns = asyncio.Semaphore(number)
        self._rows_per_second = rows_per_second
        self._free_at_s = 0.0

    async def __aenter__(self) -> None:
        await self._turns.acquire()

    async def __aexit__(self, *_: object) -> None:
        self._turns.release()

    async def pause_after(self, rows: int) -> None:
        """Wait until the next rows may be read, now that so many have been."""
        if self._rows_per_second is None:
            return
        now_s = time.monotonic()
        self._free_at_s = max(now_s, self._free_at_s) + rows / self._rows_per_second
        await asyncio.sleep(self._free_at_s - now_s)
