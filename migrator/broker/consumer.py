"""Batches from one partition's queue, in order, until the connection breaks.

A `Consumer` lives as long as its connection. When that is lost, everything that was not
acknowledged will be delivered again, and the deliveries of old mean nothing: `batches`
raises `BrokerUnavailable`, and the caller begins anew, with a new consumer and with what
MongoDB says has landed. No message is ever rejected: that would cost the order.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import structlog

from migrator.broker.connection import BrokerConnection
from migrator.broker.messages import Incoming, queue_name
from migrator.errors import BrokerError
from migrator.model.batch import Batch
from migrator.model.wire import decode

PREFETCH = 64

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Delivery:
    """A batch that waits to be settled; acknowledging `tag` acknowledges all before it, too."""

    batch: Batch
    tag: int


class Consumer:
    """The batches of one partition; a context manager, which connects and disconnects.

    Entering it raises `BrokerUnavailable`, or `BrokerError` where another try is in vain.
    It holds at most `prefetch` messages. Of several consumers of a partition one gets the
    batches, and when it has gone, the next one. A batch of more than `prefetch` fragments
    would never be whole: that is 256 MiB by default.
    """

    def __init__(self, url: str, name: str, partition: int, *, prefetch: int = PREFETCH) -> None:
        self._url = url
        self._name = name
        self._partition = partition
        self._prefetch = prefetch
        self._wake = asyncio.Event()
        self._waiting: deque[Incoming] = deque()
        self._unsettled: deque[int] = deque()  # The tag of each batch that was handed out.
        self._joiner = Joiner()
        self._connection: BrokerConnection

    async def __aenter__(self) -> Self:
        purpose = f"{self._name} consumer of partition {self._partition}"
        self._connection = await BrokerConnection.open(self._url, purpose, self._wake)
        try:
            await self._connection.declare(self._name, [self._partition])
            queue = queue_name(self._name, self._partition)
            await self._connection.consume(queue, self._prefetch, self._waiting.append)
        except BaseException:
            await self._connection.close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Disconnect; what is not settled goes back to the queue, in its place."""
        await self._connection.close()

    @property
    def unsettled(self) -> int:
        """How many batches have been handed out and not yet settled."""
        return len(self._unsettled)

    async def batches(self) -> AsyncIterator[list[Delivery]]:
        """Everything that is waiting, in order, at least one batch, again and again.

        Raises `BrokerUnavailable` when the connection is lost or the queue deleted,
        `BrokerError` for a message that is no batch.
        """
        while True:
            self._connection.check()
            if deliveries := await self._take():
                yield deliveries
                continue
            self._wake.clear()
            if not self._waiting:
                await self._wake.wait()

    async def settle(self, count: int) -> None:
        """Acknowledge the `count` oldest batches that are not settled, once they have landed.

        Raises `BrokerUnavailable`: then they come again, and the loader drops them.
        """
        tag = 0
        for _ in range(count):
            tag = self._unsettled.popleft()
        if tag:
            await self._connection.settle(tag)

    async def _take(self) -> list[Delivery]:
        deliveries: list[Delivery] = []
        while self._waiting:
            message = self._waiting.popleft()
            body, dropped = self._joiner.join(message)
            if dropped:
                await self._drop(dropped)
            if body is not None:
                deliveries.append(Delivery(decode(body), message.tag))
                self._unsettled.append(message.tag)
        return deliveries

    async def _drop(self, tag: int) -> None:
        """Let go of fragments whose batch is not whole: it was sent again, or the gap shows."""
        log.warning(
            f"Fragments of an incomplete batch in {queue_name(self._name, self._partition)} are "
            "left out: a whole one follows, or the loader notices that it is missing."
        )
        if self._unsettled:
            # Not before the batches in front of them: an acknowledgement covers those too.
            self._unsettled[-1] = tag
        else:
            await self._connection.settle(tag)


class Joiner:
    """Puts the fragments of large batches together. Pure: no driver, no clock."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._name = ""
        self._tag = 0

    def join(self, message: Incoming) -> tuple[bytes | None, int]:
        """The body of the batch that this message completes, if it completes one.

        Beside it the tag up to which fragments that can never be completed must be
        dropped, 0 if there are none. Raises `BrokerError` for headers that make no sense.
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
        """Begin anew; the tag of the last fragment that is given up, 0 if there was none."""
        tag = self._tag if self._parts else 0
        self._parts = []
        return tag
