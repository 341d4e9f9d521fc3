"""One connection to RabbitMQ, and what both sides declare there; the driver is aiormq.

For a migration called `name` there are a durable direct exchange `name`, for each
partition p a durable quorum queue `name.p` with a single active consumer, bound by
the key "p", and a quorum queue `name.dead`, in which nothing should ever appear. All
of these features exist from RabbitMQ 3.10 to 4.x. Sources: RabbitMQ, Quorum Queues,
Consumers ("Single Active Consumer"), Publisher Confirms.

aiormq does not reconnect, waits long before it gives up a dead connection, and reports a
missed heartbeat as a bare `CancelledError`. So each of its calls runs in a task of its own
here: a `CancelledError` from inside that task is the driver's; one that interrupts the wait
for the task is ours.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any, Self, TypeVar

from aiormq.abc import AbstractChannel, DeliveredMessage
from aiormq.connection import Connection, TCPTransportFactory, TLSTransportFactory, TransportFactory
from aiormq.exceptions import ChannelInvalidStateError, ChannelNotFoundEntity
from pamqp.commands import Basic
from yarl import URL

from migrator.broker.faults import mapped_error
from migrator.broker.messages import Incoming, Outgoing, dead_letters_name, queue_name
from migrator.errors import BrokerError, BrokerUnavailable

HEARTBEAT_S = 5
ANSWER_TIMEOUT_S = 30.0
CLOSE_TIMEOUT_S = 5.0
BLOCKED_ANSWER_S = 0.01
READ_BUFFER_BYTES = 1 << 20
# Since 4.0 the default is 20; after that many deliveries a message leaves its queue, and the order.
DELIVERY_LIMIT = 1_000_000
PERSISTENT = 2

# aiormq also raises everything that it logs; without its log each failure is reported once.
logging.getLogger("aiormq").setLevel(logging.CRITICAL + 1)

Result = TypeVar("Result")


class BrokerConnection:
    """One connection to RabbitMQ with one channel: both end together, for one reason.

    `failure` is that reason, None while the connection lives. `wake` is set when a message
    arrives, and when the connection ends.
    """

    def __init__(self, url: str, purpose: str, wake: asyncio.Event) -> None:
        address = URL(url)
        if "heartbeat" not in address.query:
            address = address.update_query(heartbeat=HEARTBEAT_S)
        self.failure: BrokerError | None = None
        self._where = f"RabbitMQ at {address.host}:{address.port or 'its port'}"
        self._wake = wake
        self._socket = _Socket()
        self._connection = Connection(
            address,
            transport_factory=self._socket,
            client_properties={"connection_name": f"kooch {purpose}"},
        )
        self._channel: AbstractChannel
        self._publishing: set[asyncio.Future[Any]] = set()
        self._consumer: str | None = None

    @classmethod
    async def open(cls, url: str, purpose: str, wake: asyncio.Event | None = None) -> Self:
        """Connect. Raises `BrokerUnavailable`, or `BrokerError` if a retry would fail as well."""
        opened = cls(url, purpose, wake or asyncio.Event())
        try:
            await opened._call(opened._connection.connect())
            opened._connection.closing.add_done_callback(opened._ended)
            await opened.renew()
        except BaseException:
            await opened.close()
            raise
        return opened

    async def renew(self) -> None:
        """Open a new channel: an error of the broker closes the old one."""
        self._channel = await self._call(self._connection.channel(publisher_confirms=True))

    def check(self) -> None:
        """Raise the reason for which the connection has ended, if it has."""
        if self.failure is not None:
            raise self.failure

    def fail(self, error: BrokerError) -> None:
        """End the connection for this reason, unless it has ended before."""
        self.failure = self.failure or error
        self._wake.set()
        self._socket.abort()

    async def close(self) -> None:
        """Close the connection, in order if it still works; return when its socket is closed."""
        if self.failure is None and self._consumer is not None:
            # To acknowledge on a channel that is being closed is an error of the connection.
            await self._wait(self._channel.basic_cancel(self._consumer), CLOSE_TIMEOUT_S)
        if self.failure is None:
            self.failure = BrokerUnavailable(f"The connection to {self._where} has been closed.")
        else:
            self._socket.abort()
        await self._wait(self._connection.close(), CLOSE_TIMEOUT_S)
        self._socket.abort()

    async def declare(self, name: str, partitions: Iterable[int]) -> None:
        """Declare the exchange and the queues; those that exist are left as they are.

        Raises `BrokerError` if one exists with other arguments.
        """
        dead = dead_letters_name(name)
        channel = self._channel
        await self._call(channel.exchange_declare(name, exchange_type="direct", durable=True))
        await self._declare_queue(dead, {})
        for partition in partitions:
            queue = queue_name(name, partition)
            await self._declare_queue(
                queue,
                {
                    "x-single-active-consumer": True,
                    "x-delivery-limit": DELIVERY_LIMIT,
                    "x-dead-letter-exchange": "",
                    "x-dead-letter-routing-key": dead,
                },
            )
            await self._call(channel.queue_bind(queue, name, routing_key=str(partition)))

    async def publish(self, name: str, message: Outgoing, confirmed: Callable[[], None]) -> None:
        """Write a message to the socket; `confirmed` is called when the broker has stored it.

        If the broker does not store it, the connection ends. Messages are sent in the order
        of the calls.
        """
        self.check()
        publish = asyncio.ensure_future(
            self._channel.basic_publish(
                message.body,
                exchange=name,
                routing_key=str(message.partition),
                mandatory=True,
                wait=False,  # type: ignore[call-arg]
                properties=Basic.Properties(
                    content_type="application/bson",
                    delivery_mode=PERSISTENT,
                    headers=dict(message.headers),
                    message_id=message.message_id,
                ),
            )
        )
        self._publishing.add(publish)
        publish.add_done_callback(partial(self._published, confirmed))
        # The driver holds the channel's lock until the message is in the queue of its writer:
        # once we have had the lock after it, the message is there.
        await asyncio.sleep(0)
        try:
            async with self._channel.lock:  # type: ignore[attr-defined]
                pass
        except ChannelInvalidStateError as error:
            self.fail(mapped_error(self._where, error))
        await asyncio.sleep(0)  # Here the driver's writer sends it.
        self.check()

    async def is_blocked(self) -> bool:
        """Whether the broker accepts no messages now, because its memory or disk is short."""
        return not await self._wait(self._connection.ready(), BLOCKED_ANSWER_S)

    async def consume(self, queue: str, prefetch: int, inbox: deque[Incoming]) -> None:
        """Append each message to `inbox`, in order; at most `prefetch` are not acknowledged."""

        def deliver(message: DeliveredMessage) -> None:
            properties = message.header.properties
            inbox.append(
                Incoming(
                    message.delivery_tag or 0,
                    properties.message_id or "",
                    dict(properties.headers or {}),
                    message.body,
                )
            )
            self._wake.set()

        self._channel.on_consumer_cancel_callbacks.add(partial(self._cancelled, queue))
        await self._call(self._channel.basic_qos(prefetch_count=prefetch))
        # The driver starts a task for each delivery, in order. As `deliver` never waits, each
        # task ends before the next one starts.
        answer = await self._call(self._channel.basic_consume(queue, deliver))  # type: ignore[arg-type]
        self._consumer = answer.consumer_tag

    async def acknowledge(self, tag: int) -> None:
        """Acknowledge everything that this connection delivered up to and including `tag`."""
        self.check()
        await self._call(self._channel.basic_ack(tag, multiple=True, wait=False))  # type: ignore[arg-type]

    async def depth(self, queue: str) -> int | None:
        """How many messages of a queue are not delivered yet; None: there is no such queue."""
        try:
            answer = await self._call(self._channel.queue_declare(queue, passive=True))
        except BrokerError as error:
            if not isinstance(error.__cause__, ChannelNotFoundEntity):
                raise
            await self.renew()
            return None
        return answer.message_count or 0

    async def delete_exchange(self, name: str) -> None:
        """Delete an exchange if it exists."""
        await self._call(self._channel.exchange_delete(name))

    async def delete_queue(self, name: str) -> None:
        """Delete a queue and its messages if it exists."""
        await self._call(self._channel.queue_delete(name))

    async def _declare_queue(self, queue: str, arguments: dict[str, str | int | bool]) -> None:
        await self._call(
            self._channel.queue_declare(
                queue, durable=True, arguments={"x-queue-type": "quorum", **arguments}
            )
        )

    def _published(self, confirmed: Callable[[], None], publish: asyncio.Future[Any]) -> None:
        self._publishing.discard(publish)
        error = _error_of(publish)
        if error is not None:
            self.fail(mapped_error(self._where, error))
        elif self.failure is None:
            confirmed()

    def _cancelled(self, queue: str, _: Basic.Cancel) -> None:
        self.fail(
            BrokerUnavailable(
                f"{self._where} has stopped delivering from {queue}, because the queue was deleted "
                "or a batch was not acknowledged in time."
            )
        )

    def _ended(self, closing: asyncio.Future[Any]) -> None:
        self.fail(mapped_error(self._where, _error_of(closing) or asyncio.CancelledError()))

    async def _call(self, call: Coroutine[Any, Any, Result]) -> Result:
        """The driver's answer. Raises `BrokerError`; `CancelledError` only if we are cancelled."""
        task = asyncio.ensure_future(call)
        if not await self._wait(task, ANSWER_TIMEOUT_S):
            raise BrokerUnavailable(f"{self._where} did not answer in {ANSWER_TIMEOUT_S:g} s.")
        error = _error_of(task)
        if error is not None:
            raise mapped_error(self._where, error) from error
        return task.result()

    @staticmethod
    async def _wait(call: Coroutine[Any, Any, Any] | asyncio.Task[Any], timeout_s: float) -> bool:
        """Whether the call ended in time, with or without an error; otherwise it is cancelled."""
        task = asyncio.ensure_future(call)
        # Retrieve the error, so that asyncio does not warn about it.
        task.add_done_callback(_error_of)
        try:
            done, _ = await asyncio.wait({task}, timeout=timeout_s)
        finally:
            task.cancel()
        return bool(done)


class _Socket(TransportFactory):
    """Gives access to the socket: aiormq itself closes a dead one only after many seconds."""

    writer: asyncio.StreamWriter | None = None

    async def create(
        self, url: URL, **options: Any
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect, by TLS for amqps."""
        factory = TLSTransportFactory() if url.scheme == "amqps" else TCPTransportFactory()
        reader, self.writer = await factory.create(url, limit=READ_BUFFER_BYTES, **options)
        return reader, self.writer

    def abort(self) -> None:
        """Close the socket at once, and drop what has not been sent."""
        if self.writer is not None:
            self.writer.transport.abort()


def _error_of(future: asyncio.Future[Any]) -> BaseException | None:
    return asyncio.CancelledError() if future.cancelled() else future.exception()
