"""Batches to RabbitMQ: persistent, mandatory, many in flight at once, confirmed in order.

An error does not mean that a message was not stored. So after any error everything from the
oldest unconfirmed message on is sent again over a new connection: the queue may hold repeats,
which the loader drops by their ids, but no batch is missing in it.
"""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from migrator.broker.backlog import Backlog
from migrator.broker.connection import BrokerConnection
from migrator.broker.messages import Header, Outgoing
from migrator.broker.send_buffer import SendBuffer
from migrator.errors import BrokerError, BrokerUnavailable
from migrator.model.batch import Batch
from migrator.model.position import Position
from migrator.model.state import Landed
from migrator.model.wire import VERSION, encode
from migrator.runtime.backoff import Backoff
from migrator.runtime.failpoints import Point, failpoint

CONFIRM_TIMEOUT_S = 30.0
WATCH_INTERVAL_S = 1.0
# All headers of a message share one frame of 128 KiB.
HEADER_CHARACTERS_MAX = 1000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Item:
    """A batch and its messages: one, or several fragments.

    They are only sent together, because the consumer could not join a batch that was sent
    again from its middle on.
    """

    batch: Batch
    messages: tuple[Outgoing, ...]
    size: int


@dataclass(frozen=True, slots=True)
class SendLimits:
    """Bounds in bytes and in numbers of batches.

    The buffer holds what waits and what is in flight; `backlog_bytes` bounds the rows that
    the queues hold. Bodies above `fragment_bytes` are sent in fragments.
    """

    buffer_bytes: int = 32 << 20
    buffer_batches: int = 8192
    in_flight: int = 256
    # RabbitMQ 4.x accepts 16 MiB by default, and a large message delays the small ones after it.
    fragment_bytes: int = 4 << 20
    backlog_bytes: int = 8 << 30


class Publisher:
    """Publishes the batches of one migration, over one connection at a time, while `run` runs.

    `reconnects` counts the connections that broke; `is_alarmed` says that the broker accepts
    nothing, because its memory or disk is short.
    """

    def __init__(self, url: str, name: str, partitions: int, limits: SendLimits) -> None:
        self.reconnects = 0
        self.is_alarmed = False
        self._url = url
        self._name = name
        self._partitions = partitions
        self._fragment_bytes = limits.fragment_bytes
        self._buffer: SendBuffer[_Item] = SendBuffer(
            limits.buffer_bytes, limits.buffer_batches, limits.in_flight
        )
        self._backlog = Backlog(limits.backlog_bytes)
        self._moved = asyncio.Condition()
        self._wake = asyncio.Event()
        self._backoff = Backoff()
        self._progress_at = 0.0

    @property
    def in_flight(self) -> int:
        """How many batches have been put and not yet confirmed together with all before them."""
        return len(self._buffer)

    @property
    def is_blocked(self) -> bool:
        """Whether the broker, or the limit of the backlog, holds the publisher back."""
        return self.is_alarmed or self._backlog.is_over

    @property
    def beats(self) -> int:
        """How many batches without rows are on their way to the target."""
        return self._backlog.beats + sum(not item.batch.size for item in self._buffer)

    @property
    def is_full(self) -> bool:
        """Whether to wait for `room` before the next batches are made."""
        return self._buffer.is_full

    async def room(self) -> None:
        """Return when the buffer has room."""
        if self.is_full:
            async with self._moved:
                await self._moved.wait_for(lambda: not self.is_full)

    def put(self, batch: Batch) -> None:
        """Let a batch be sent: batches are sent in the order of the calls."""
        item = _item(batch, self._fragment_bytes)
        if not self._buffer:
            self._progress_at = time.monotonic()
        self._buffer.add(item, item.size)
        self._wake.set()

    def landed(self, landed: Landed) -> None:
        """Note how far a partition has landed, which makes room in the backlog."""
        self._backlog.landed(landed)
        self._wake.set()

    async def run(self) -> None:
        """Publish until cancelled, over one connection after another.

        Raises `BrokerError` when another connection would be refused, too.
        """
        while True:
            try:
                await self._publish()
            except BrokerError as error:
                if not error.retryable:
                    raise
                self.reconnects += 1
                unconfirmed = f"{len(self._buffer)} unconfirmed batches are sent again"
                await self._backoff.pause(error, unconfirmed)

    async def _publish(self) -> None:
        """Send everything that is not confirmed over a new connection, until it breaks."""
        connection = await BrokerConnection.open(self._url, f"{self._name} publisher", self._wake)
        watch = asyncio.create_task(self._watch(connection))
        try:
            await connection.declare(self._name, range(self._partitions))
            self._buffer.rewind()
            self._progress_at = time.monotonic()
            while True:
                self._wake.clear()
                while not self._backlog.is_over and (taken := self._buffer.take()) is not None:
                    await self._hand_over(connection, *taken)
                    failpoint(Point.AFTER_PUBLISH)
                await self._notify()
                connection.check()
                await self._wake.wait()
        finally:
            watch.cancel()
            self.is_alarmed = False
            await connection.close()

    async def _notify(self) -> None:
        async with self._moved:
            self._moved.notify_all()

    async def _hand_over(self, connection: BrokerConnection, number: int, item: _Item) -> None:
        unconfirmed = {message.message_id for message in item.messages}
        for message in item.messages:
            confirm = partial(self._confirm, number, unconfirmed, message.message_id)
            await connection.publish(self._name, message, confirm)

    def _confirm(self, number: int, unconfirmed: set[str], message_id: str) -> None:
        self._progress_at = time.monotonic()
        unconfirmed.remove(message_id)
        if unconfirmed:
            return
        left = self._buffer.confirm(number)
        for item in left:
            self._backlog.confirmed(item.batch)
        if left:
            self._backoff.reset()
            self._wake.set()
            failpoint(Point.AFTER_CONFIRM)

    async def _watch(self, connection: BrokerConnection) -> None:
        """End a connection on which nothing is confirmed, although the broker is not blocked."""
        while True:
            await asyncio.sleep(WATCH_INTERVAL_S)
            self.is_alarmed = await connection.is_blocked()
            if self.is_alarmed or not self._buffer.in_flight:
                self._progress_at = time.monotonic()
            elif time.monotonic() - self._progress_at > CONFIRM_TIMEOUT_S:
                connection.fail(
                    BrokerUnavailable(
                        f"RabbitMQ has confirmed nothing for {CONFIRM_TIMEOUT_S:g} s."
                    )
                )


def _item(batch: Batch, fragment_bytes: int) -> _Item:
    """The batch with its messages."""
    body = encode(batch)
    size = len(body)
    headers = _headers(batch)
    name = f"{batch.partition}-{batch.id.epoch}-{batch.id.sequence}"
    if size <= fragment_bytes:
        return _Item(batch, (Outgoing(batch.partition, name, headers, body),), size)
    starts = range(0, size, fragment_bytes)
    messages = tuple(
        Outgoing(
            batch.partition,
            f"{name}/{number}",
            headers | {"fragment": number, "fragments": len(starts)},
            body[start : start + fragment_bytes],
        )
        for number, start in enumerate(starts, 1)
    )
    return _Item(batch, messages, size)


def _headers(batch: Batch) -> dict[str, Header]:
    """For people who look at the management interface; the consumer does not read these."""
    rows: Counter[str] = Counter()
    for changes in batch.changes:
        rows[f"{changes.table} {changes.operation.value}"] += changes.count
    headers: dict[str, Header] = {
        "v": VERSION,
        "rows": batch.count,
        "tables": _short(", ".join(f"{name} {count}" for name, count in rows.items())),
        "position": _short(_position_text(batch.position)),
    }
    if batch.committed_at:
        committed = EPOCH + timedelta(microseconds=batch.committed_at)
        headers["oldest commit"] = committed.isoformat()
    return headers


def _position_text(position: Position) -> str:
    at = position.gtids or f"{position.file}:{position.offset}"
    return f"{at} and {position.rows} rows" if position.rows else at


def _short(text: str) -> str:
    return text if len(text) <= HEADER_CHARACTERS_MAX else text[: HEADER_CHARACTERS_MAX - 1] + "…"
