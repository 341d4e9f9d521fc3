"""Following the binlog: events go through the assembler, whatever happens to the connection."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from typing import Protocol

from migrator.capture.pending import Pending
from migrator.capture.sending import Outbox
from migrator.capture.transactions import Assembler
from migrator.errors import BinlogCorrupt, Gap, SourceError, SourceUnavailable, UnsupportedChange
from migrator.model.table import TableName
from migrator.mysql.binlog.dump import check_still_available, dump
from migrator.mysql.binlog.reader import Event, EventReader
from migrator.mysql.wire.connection import Connection
from migrator.runtime.backoff import Backoff
from migrator.runtime.failpoints import Point, reached


class Answers(Protocol):
    """Who knows what the stream cannot."""

    async def resolve(self, pending: Pending) -> None:
        """Look it up. Raises `SourceError`, `TargetError`."""

    async def past(self, error: SourceError, place: str) -> None:
        """Return if the stream may go past what it cannot handle, else raise the error."""


class Stream:
    """Reads the binlog for ever, from the assembler's position; a broken connection is renewed.

    `bytes_read` counts events, and `last_read_at` is when the newest arrived, by the loop's clock.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Connection]],
        assembler: Assembler,
        wants: Callable[[TableName], bool],
        outbox: Outbox,
        resolver: Answers,
        linger_s: float,
    ) -> None:
        self.bytes_read = 0
        self.last_read_at = 0.0
        self._connect = connect
        self._assembler = assembler
        self._wants = wants
        self._outbox = outbox
        self._resolver = resolver
        self._linger_s = linger_s
        self._timer: asyncio.TimerHandle | None = None

    async def run(self, server_id: int, heartbeat_s: float) -> None:
        """Follow until cancelled. Raises what a new connection does not mend."""
        backoff = Backoff()
        while True:
            try:
                async with await self._connect() as connection:
                    await self._follow(connection, server_id, heartbeat_s, backoff)
            except SourceUnavailable as error:
                self._assembler.rewind()
                await backoff.pause(error, "The binlog is read on")

    async def _follow(
        self, connection: Connection, server_id: int, heartbeat_s: float, backoff: Backoff
    ) -> None:
        start = self._assembler.position()
        await check_still_available(connection, start)
        if self._assembler.is_open and start.server != connection.server.identity:
            raise Gap("The source is another server now, in the middle of a transaction.")
        self._assembler.followed.connected(connection.server.identity)
        reader = EventReader(self._wants)
        events = dump(connection, start, server_id=server_id, heartbeat_s=heartbeat_s)
        async with aclosing(events) as arriving:
            async for packets in arriving:
                self.last_read_at = asyncio.get_running_loop().time()
                self.bytes_read += sum(map(len, packets))
                await self._take(reader, packets)
                backoff.reset()

    async def _take(self, reader: EventReader, packets: list[bytes]) -> None:
        arriving = iter(packets)
        is_taken = False
        while not is_taken:
            try:
                await self._take_events(reader, reader.events(arriving))
                is_taken = True
            except (BinlogCorrupt, UnsupportedChange) as error:
                await self._pass(reader, error)
        reached(Point.AFTER_READ)
        self._flush_soon()

    async def _take_events(self, reader: EventReader, events: Iterator[Event]) -> None:
        assembler = self._assembler
        for event in events:
            assembler.take(event)
            if assembler.pending is not None:
                await self._resolver.resolve(assembler.pending)
                assembler.resolved()
                reader.forget()
            if self._outbox.is_full:
                await self._outbox.room()

    async def _pass(self, reader: EventReader, error: SourceError) -> None:
        """Leave behind what cannot be handled, if an operator has said so; else raise."""
        place = f"{self._assembler.position().file}:{reader.end}"
        await self._resolver.past(error, place)
        self._assembler.resolved()

    def _flush_soon(self) -> None:
        """What is committed leaves within the linger time, together with what comes until then."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._linger_s, self._flush)

    def _flush(self) -> None:
        self._timer = None
        self._assembler.flush()
