"""Batches on their way to the broker, in the order in which they were cut; bounded."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from migrator.model.batch import Batch, BatchId
from migrator.model.state import Landed

WAITING_BYTES_MAX = 8 * 1024 * 1024


class Outbox:
    """Takes batches at once and sends them one after another with `send`.

    Whoever makes batches waits for `room` from time to time. `backlog_bytes_max` bounds
    what has been sent and has not landed yet, hence what lies in the queue.
    """

    def __init__(self, send: Callable[[Batch], Awaitable[None]], backlog_bytes_max: int) -> None:
        self.backlog_bytes = 0
        self._send = send
        self._backlog_bytes_max = backlog_bytes_max
        self._waiting: deque[Batch] = deque()
        self._waiting_bytes = 0
        self._sent: dict[int, deque[tuple[BatchId, int]]] = {}
        self._changed = asyncio.Condition()
        self._wake = asyncio.Event()

    @property
    def beats(self) -> int:
        """How many batches without rows are under way."""
        waiting = sum(not batch.size for batch in self._waiting)
        return waiting + sum(not size for sent in self._sent.values() for _, size in sent)

    @property
    def is_held(self) -> bool:
        """Whether too much waits in the queue already."""
        return self.backlog_bytes > self._backlog_bytes_max

    def put(self, batch: Batch) -> None:
        """Send it when its turn comes."""
        self._waiting.append(batch)
        self._waiting_bytes += batch.size
        self._wake.set()

    @property
    def is_full(self) -> bool:
        """Whether whoever makes batches has to wait for `room`."""
        return self._waiting_bytes > WAITING_BYTES_MAX

    async def room(self) -> None:
        """Return when little enough waits to be sent."""
        if self.is_full:
            async with self._changed:
                await self._changed.wait_for(lambda: not self.is_full)

    async def landed(self, landed: Landed) -> None:
        """A partition has come this far in the target."""
        sent = self._sent.get(landed.partition, deque())
        while sent and sent[0][0] <= landed.stamp:
            self.backlog_bytes -= sent.popleft()[1]
        await self._notify()

    async def run(self) -> None:
        """Send for ever; raises what `send` raises."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                await self._below_backlog()
                batch = self._waiting.popleft()
                await self._send(batch)
                self._waiting_bytes -= batch.size
                self.backlog_bytes += batch.size
                self._sent.setdefault(batch.partition, deque()).append((batch.stamp, batch.size))
                await self._notify()

    async def _below_backlog(self) -> None:
        if self.is_held:
            async with self._changed:
                await self._changed.wait_for(lambda: not self.is_held)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()
