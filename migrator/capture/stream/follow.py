"""Following the binlog: events become transactions, whatever happens to the connection."""

import asyncio
from contextlib import aclosing
from dataclasses import dataclass

from migrator.capture.stream.question import Answers, Question
from migrator.capture.stream.references import References
from migrator.capture.stream.timeline import Timeline
from migrator.capture.stream.transactions import TransactionAssembler
from migrator.errors import BinlogCorrupt, Gap, SourceError, SourceUnavailable, UnsupportedChange
from migrator.mysql.binlog.dump import dump
from migrator.mysql.binlog.reader import EventReader
from migrator.mysql.position.log import check_still_available
from migrator.mysql.source import Source
from migrator.mysql.wire.connection import Connection
from migrator.runtime.backoff import Backoff
from migrator.runtime.failpoints import Point, failpoint
from migrator.runtime.room import Room
from migrator.runtime.tasks import run_until_first_failure


@dataclass(frozen=True, slots=True)
class Pace:
    """How the binlog is requested, and for how long small transactions are collected."""

    server_id: int
    heartbeat_s: float
    linger_s: float


class Stream:
    """Reads the binlog from the timeline's position on; reconnects when the connection breaks.

    `last_read_at` is when the newest event arrived, by the loop's clock.
    """

    def __init__(
        self,
        source: Source,
        timeline: Timeline,
        references: References,
        answers: Answers,
        room: Room,
    ) -> None:
        self.last_read_at = 0.0
        self._source = source
        self._timeline = timeline
        self._answers = answers
        self._room = room
        self._references = references
        self._transactions = TransactionAssembler(references, timeline)
        self._has_read = asyncio.Event()

    async def run(self, pace: Pace) -> None:
        """Follow until cancelled. Raises what a new connection does not repair."""
        await run_until_first_failure(read=self._read(pace), flush=self._keep_flushing(pace))

    async def _read(self, pace: Pace) -> None:
        backoff = Backoff()
        while True:
            try:
                async with await self._source.connect() as connection:
                    await self._follow(connection, pace, backoff)
            except SourceUnavailable as error:
                self._transactions.rewind()
                await backoff.pause(error, "The stream reconnects")

    async def _keep_flushing(self, pace: Pace) -> None:
        """What is committed leaves within the linger time, with what comes until then."""
        while True:
            await self._has_read.wait()
            await asyncio.sleep(pace.linger_s)
            self._has_read.clear()
            self._timeline.flush()

    async def _follow(self, connection: Connection, pace: Pace, backoff: Backoff) -> None:
        start = self._timeline.position.committed
        await check_still_available(connection, start)
        if self._timeline.is_open and start.server != connection.server.identity:
            raise Gap("The connection now leads to another server, in the middle of a transaction.")
        self._timeline.connected(connection.server.identity)
        reader = EventReader(self._references.wants_rows)
        events = dump(connection, start, server_id=pace.server_id, heartbeat_s=pace.heartbeat_s)
        async with aclosing(events) as arriving:
            async for packets in arriving:
                self.last_read_at = asyncio.get_running_loop().time()
                await self._take(reader, packets)
                failpoint(Point.AFTER_READ)
                self._has_read.set()
                backoff.reset()

    async def _take(self, reader: EventReader, packets: list[bytes]) -> None:
        timeline, turns = self._timeline, self._timeline.turns
        arriving = iter(packets)
        events = reader.events(arriving)
        while True:
            try:
                event = next(events)
                question = self._transactions.take(event)
            except StopIteration:
                return
            except (BinlogCorrupt, UnsupportedChange) as error:
                await self._skip(reader, error)
                events = reader.events(arriving)  # It goes on after that event.
                continue
            if question is not None:
                await self._answer(reader, question)
            if turns and not timeline.is_open:
                await self._give_way(reader)
            if self._room.is_full:
                await self._room.room()

    async def _give_way(self, reader: EventReader) -> None:
        version = self._references.tables.version
        await self._timeline.give_way()
        if self._references.tables.version != version:
            reader.forget()

    async def _answer(self, reader: EventReader, question: Question) -> None:
        try:
            await self._answers.answer(question)
        except (BinlogCorrupt, UnsupportedChange) as error:
            await self._skip(reader, error)
        self._transactions.answered(question)
        reader.forget()

    async def _skip(self, reader: EventReader, error: SourceError) -> None:
        """Skip an event that cannot be handled if an operator has decided so; else raise."""
        position = f"{self._timeline.position.committed.file}:{reader.end}"
        await self._answers.skip(error, position)
