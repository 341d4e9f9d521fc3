"""Batches from one partition's queue, in order, until the connection breaks.

A `Consumer` lives as long as its connection. When the connection is lost, RabbitMQ delivers
everything again that was not acknowledged, and earlier deliveries can no longer be acknowledged:
`deliveries` raises `BrokerUnavailable`, and the caller starts again with a new consumer, from what
MongoDB says has landed. No message is ever rejected, because that would change the order.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

import structlog

from migrator.broker.connection import BrokerConnection
from migrator.broker.messages import Incoming, queue_name
from migrator.errors import BrokerError
from migrator.model.batch import Batch
from migrator.model.wire import decode

PREFETCH = 64

log = structlog.get_logger()


class Acknowledger:
    """Acknowledges batches of one connection, and the fragments that were dropped among them."""

    def __init__(self, connection: BrokerConnection) -> None:
        self._connection = connection
        self._newest = 0  # The tag of the batch that was delivered last.
        self._acknowledged = 0
        self._dropped = 0

    def delivered(self, tag: int) -> None:
        """Note the tag of a batch that is handed out."""
        self._newest = tag

    async def acknowledge(self, tag: int) -> None:
        """Acknowledge everything up to and including this tag of a batch."""
        self._acknowledged = tag
        # Fragments that were dropped after the newest batch had to wait for it.
        await self._connection.acknowledge(max(tag, self._dropped) if tag == self._newest else tag)

    async def drop(self, tag: int) -> None:
        """Acknowledge fragments up to this tag, but no batch before them that has not landed."""
        if self._acknowledged == self._newest:
            await self._connection.acknowledge(tag)
        else:
            self._dropped = tag


@dataclass(frozen=True, slots=True)
class Delivery:
    """A batch that was delivered."""

    batch: Batch
    tag: int
    acknowledger: Acknowledger

    async def acknowledge(self) -> None:
        """Acknowledge this batch and all that were delivered before it, once they have landed.

        Raises `BrokerUnavailable`: RabbitMQ then delivers them again, and the loader drops them.
        """
        await self.acknowledger.acknowledge(self.tag)


class Consumer:
    """The batches of one partition over one connection; `connect` makes it."""

    def __init__(
        self,
        connection: BrokerConnection,
        queue: str,
        inbox: deque[Incoming],
        wake: asyncio.Event,
    ) -> None:
        self._connection = connection
        self._queue = queue
        self._inbox = inbox
        self._wake = wake
        self._joiner = Joiner()
        self._acknowledger = Acknowledger(connection)

    @classmethod
    @asynccontextmanager
    async def connect(
        cls, url: str, name: str, partition: int, prefetch: int = PREFETCH
    ) -> AsyncIterator[Self]:
        """Consume for as long as the block runs; then the rest goes back to its place in the queue.

        It holds at most `prefetch` messages that are not acknowledged. Of several consumers of a
        partition one gets the batches, and when it has gone, the next one. A batch of more than
        `prefetch` fragments would never be whole: that is 256 MiB by default.

        Raises `BrokerUnavailable`, or `BrokerError` if another attempt would fail as well.
        """
        wake = asyncio.Event()
        inbox: deque[Incoming] = deque()
        queue = queue_name(name, partition)
        purpose = f"{name} consumer of partition {partition}"
        connection = await BrokerConnection.open(url, purpose, wake)
        try:
            await connection.declare(name, [partition])
            await connection.consume(queue, prefetch, inbox)
            yield cls(connection, queue, inbox, wake)
        finally:
            await connection.close()

    async def deliveries(self) -> AsyncIterator[list[Delivery]]:
        """Everything that has arrived, in order, at least one batch, again and again.

        Raises `BrokerUnavailable` when the connection is lost or the queue is deleted,
        `BrokerError` for a message that is not a batch.
        """
        while True:
            self._connection.check()
            if deliveries := await self._take():
                yield deliveries
                continue
            self._wake.clear()
            if not self._inbox:
                await self._wake.wait()

    async def _take(self) -> list[Delivery]:
        deliveries: list[Delivery] = []
        while self._inbox:
            message = self._inbox.popleft()
            body, dropped = self._joiner.join(message)
            if dropped:
                log.warning(
                    f"Fragments of an incomplete batch in {self._queue} are dropped: the whole "
                    "batch follows, or the loader notices that it is missing."
                )
                await self._acknowledger.drop(dropped)
            if body is not None:
                deliveries.append(Delivery(decode(body), message.tag, self._acknowledger))
                self._acknowledger.delivered(message.tag)
        return deliveries


class Joiner:
    """Puts the fragments of large batches together. Pure: no driver, no clock."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._name = ""
        self._tag = 0

    def join(self, message: Incoming) -> tuple[bytes | None, int]:
        """The body of the batch that this message completes, None if it completes none.

        The number is the tag up to which fragments can never be completed and are dropped,
        0 if there are none. Raises `BrokerError` for headers that contradict themselves.
        """
        number, total = message.headers.get("fragment", 1), message.headers.get("fragments", 1)
        if not (isinstance(number, int) and isinstance(total, int) and 1 <= number <= total):
            raise BrokerError(
                f"Message {message.message_id!r} says that it is fragment {number} of {total}. "
                "Remove it, or give the migrator a virtual host of its own."
            )
        name = f"{message.message_id.partition('/')[0]} of {total}"
        dropped = 0
        if (number, name) != (len(self._parts) + 1, self._name if self._parts else name):
            dropped = self._forget()
            if number != 1:
                return None, message.tag
        self._parts.append(message.body)
        self._name, self._tag = name, message.tag
        if number < total:
            return None, dropped
        body = self._parts[0] if total == 1 else b"".join(self._parts)
        self._forget()
        return body, dropped

    def _forget(self) -> int:
        """Forget the fragments; the tag of the last one, 0 if there was none."""
        tag = self._tag if self._parts else 0
        self._parts = []
        return tag
