"""Batches to RabbitMQ: persistent, mandatory, many under way at once, confirmed in order.

An error never means "not stored". So whatever goes wrong, everything from the oldest
unconfirmed message on is sent once more over a new connection: the queue may hold
repeats, never holes, and the loader drops repeats by their stamps.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Self

from migrator.broker.connection import Link
from migrator.broker.in_flight import Window
from migrator.broker.messages import Header, Outgoing
from migrator.errors import BrokerError, BrokerUnavailable
from migrator.model.batch import Batch, BatchId
from migrator.model.position import Position
from migrator.model.wire import VERSION, encode
from migrator.runtime.backoff import Backoff
from migrator.runtime.failpoints import Point, reached

# A broker of 4.x takes 16 MiB by default, and large messages hold up the small ones.
FRAGMENT_BYTES_MAX = 4 << 20
WINDOW_BYTES_MAX = 32 << 20
WINDOW_MESSAGES_MAX = 256
CONFIRM_TIMEOUT_S = 30.0
WATCH_INTERVAL_S = 1.0
# All headers of a message share one frame of 128 KiB.
HEADER_CHARACTERS_MAX = 1000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Item:
    """A batch and its messages: one, or several fragments, which are only sent together.

    Were a batch sent again from its middle on, the consumer could not join it.
    """

    batch: Batch
    messages: tuple[Outgoing, ...]
    size: int


class Publisher:
    """Publishes the batches of one migration, over one connection at a time; a context manager.

    What the display shows: `published_batches`, `published_rows` and `published_bytes`
    count what is confirmed, `reconnects` the connections that broke; `blocked` says that
    the broker takes nothing for want of memory or disk.
    """

    def __init__(
        self,
        url: str,
        name: str,
        partitions: int,
        *,
        window_bytes: int = WINDOW_BYTES_MAX,
        window_messages: int = WINDOW_MESSAGES_MAX,
        fragment_bytes: int = FRAGMENT_BYTES_MAX,
    ) -> None:
        self.published_batches = self.published_rows = self.published_bytes = 0
        self.reconnects = 0
        self.blocked = False
        self._url = url
        self._name = name
        self._partitions = partitions
        self._fragment_bytes = fragment_bytes
        self._window: Window[_Item] = Window(window_bytes, window_messages)
        self._confirmed: dict[int, BatchId] = {}
        self._failure: BrokerError | None = None
        self._order = asyncio.Lock()
        self._moved = asyncio.Event()
        self._wake = asyncio.Event()
        self._backoff = Backoff()
        self._progress_at = 0.0
        self._runner: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        self._runner = asyncio.create_task(self._run(), name=f"publisher of {self._name}")
        self._runner.add_done_callback(self._stopped)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connection; what is unconfirmed then, `drain` would have waited for."""
        self._failure = self._failure or BrokerUnavailable("The publisher has been closed.")
        self._runner.cancel()
        await asyncio.wait({self._runner})

    @property
    def in_flight_messages(self) -> int:
        """Batches that have been handed over and not yet confirmed, in order."""
        return len(self._window)

    @property
    def in_flight_bytes(self) -> int:
        """Their bytes on the wire."""
        return self._window.bytes

    def confirmed(self, partition: int) -> BatchId | None:
        """The newest batch before which none is unconfirmed; None: there is none yet."""
        return self._confirmed.get(partition)

    async def send(self, batch: Batch) -> None:
        """Hand a batch over, once the window has room; batches go out in the order of the calls.

        Raises `BrokerError` when the broker refuses this publisher for good.
        """
        async with self._order:
            item = _item(batch, self._fragment_bytes)
            await self._until(partial(self._window.has_room, item.size))
            if not self._window:
                self._progress_at = _now()
            self._window.add(item, item.size)
            self._wake.set()

    async def drain(self) -> None:
        """Return when everything that was sent is confirmed. Raises as `send`."""
        await self._until(lambda: not self._window)

    async def _until(self, ready: Callable[[], bool]) -> None:
        while self._failure is None and not ready():
            self._moved.clear()
            await self._moved.wait()
        if self._failure is not None:
            raise self._failure

    def _stopped(self, runner: asyncio.Task[None]) -> None:
        # A fault of the program must reach those who wait, instead of letting them wait.
        if not runner.cancelled() and (error := runner.exception()) is not None:
            self._failure = BrokerError("The publisher failed; its cause is the error to look at.")
            self._failure.__cause__ = error
        self._moved.set()

    async def _run(self) -> None:
        """One connection after another, until the broker refuses the publisher for good."""
        while self._failure is None:
            try:
                await self._publish()
            except BrokerError as error:
                if error.retryable:
                    await self._pause(error)
                else:
                    self._failure = error
                    self._moved.set()

    async def _pause(self, error: BrokerError) -> None:
        self.reconnects += 1
        unconfirmed = f"{len(self._window)} batches are unconfirmed; they are sent again"
        await self._backoff.pause(error, unconfirmed)

    async def _publish(self) -> None:
        """Send what has not been sent, over a new connection, until that breaks."""
        link = await Link.open(self._url, f"{self._name} publisher", self._wake)
        watch = asyncio.create_task(self._watch(link))
        try:
            await link.declare(self._name, range(self._partitions))
            self._window.rewind()
            self._progress_at = _now()
            while True:
                self._wake.clear()
                while (taken := self._window.take()) is not None:
                    await self._hand_over(link, *taken)
                    reached(Point.AFTER_PUBLISH)
                link.check()
                await self._wake.wait()
        finally:
            watch.cancel()
            self.blocked = False
            await link.close()

    async def _hand_over(self, link: Link, number: int, item: _Item) -> None:
        unconfirmed = {message.message_id for message in item.messages}
        for message in item.messages:
            confirm = partial(self._confirm, number, unconfirmed, message.message_id)
            await link.publish(self._name, message, confirm)

    def _confirm(self, number: int, unconfirmed: set[str], message_id: str) -> None:
        self._progress_at = _now()
        unconfirmed.remove(message_id)
        if unconfirmed:
            return
        left = self._window.confirm(number)
        for item in left:
            self._confirmed[item.batch.partition] = item.batch.stamp
            self.published_batches += 1
            self.published_rows += item.batch.count
            self.published_bytes += item.size
        if left:
            self._backoff.reset()
            self._moved.set()
            reached(Point.AFTER_CONFIRM)

    async def _watch(self, link: Link) -> None:
        """End a connection on which the oldest message stays unconfirmed for no known reason."""
        while True:
            await asyncio.sleep(WATCH_INTERVAL_S)
            self.blocked = await link.is_blocked()
            if self.blocked or not self._window:
                self._progress_at = _now()
            elif _now() - self._progress_at > CONFIRM_TIMEOUT_S:
                link.fail(
                    BrokerUnavailable(
                        f"RabbitMQ has confirmed nothing for {CONFIRM_TIMEOUT_S:g} s."
                    )
                )


def _now() -> float:
    return asyncio.get_running_loop().time()


def _item(batch: Batch, fragment_bytes: int) -> _Item:
    """A batch as its messages."""
    body = encode(batch)
    size = len(body)
    headers = _headers(batch)
    name = f"{batch.partition}-{batch.stamp.epoch}-{batch.stamp.sequence}"
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
    """What a person reads in the management interface; the consumer needs the fragments only."""
    rows: Counter[str] = Counter()
    for run in batch.changes:
        rows[f"{run.table} {run.operation.value}"] += run.count
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
    place = position.gtids or f"{position.file}:{position.offset}"
    return f"{place} and {position.rows} rows" if position.rows else place


def _short(text: str) -> str:
    return text if len(text) <= HEADER_CHARACTERS_MAX else text[: HEADER_CHARACTERS_MAX - 1] + "…"
