"""The migrator's own reading: the binlog over the network to encoded batches, discarded.

Everything is what `migrator.capture.session` runs, but for the broker: batches are encoded
and dropped.
"""

import asyncio
import json
import sys
import time
from contextlib import suppress
from dataclasses import asdict

import uvloop

from benchmarks.migrator.readers import Reading, Task
from migrator.capture.stream.batcher import Batchers, Limits
from migrator.capture.stream.follow import Pace, Stream
from migrator.capture.stream.question import Question
from migrator.capture.stream.references import References
from migrator.capture.stream.tables import Tables
from migrator.capture.stream.timeline import Timeline
from migrator.errors import SourceError
from migrator.model.batch import Batch, BatchId
from migrator.model.position import Position
from migrator.model.scope import Scope
from migrator.model.state import Landed
from migrator.model.wire import encode
from migrator.mysql.catalog.tables import read_tables
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.position.read_position import ReadPosition
from migrator.mysql.source import Source
from migrator.mysql.wire.connection import SourceUrl
from migrator.settings import Settings


class Enough(Exception):
    """All rows have been encoded."""


class Discarded:
    """Encodes batches in place of a publisher and counts them. Raises `Enough` at the end."""

    def __init__(self, expected: int) -> None:
        self.rows = self.bytes = 0
        self.end_s = self.end_cpu_s = 0.0
        self.is_full = False
        self._expected = expected

    def put(self, batch: Batch) -> None:
        """Encode it; no broker takes it."""
        self.bytes += len(encode(batch))
        self.rows += batch.count
        if self.rows >= self._expected:
            self.end_s, self.end_cpu_s = time.perf_counter(), time.process_time()
            self.is_full = True

    async def room(self) -> None:
        """End the reading: there is room until all rows are there."""
        raise Enough


async def read(task: Task) -> Reading:
    """Read until all rows have been encoded."""
    settings = Settings()
    url = SourceUrl.parse(task.url)
    begin_s, begin_cpu_s = time.perf_counter(), time.process_time()
    sink = Discarded(task.rows)
    stream = await _stream(task, settings, url, sink)
    with suppress(Enough):
        await stream.run(Pace(task.server_id, settings.heartbeat_s, settings.linger_ms / 1000))
    return Reading(sink.rows, sink.end_s - begin_s, sink.end_cpu_s - begin_cpu_s, sink.bytes)


async def _stream(task: Task, settings: Settings, url: SourceUrl, sink: Discarded) -> Stream:
    options = TypeOptions(settings.zero_dates, settings.microseconds)
    source = Source(url, Scope((task.database,)), options)
    limits = Limits(settings.batch_rows_max, settings.batch_bytes_max)
    async with await source.connect() as connection:
        start = Position(task.gtids, task.file, 4, connection.server.identity)
        position = ReadPosition(start, connection.server)
        landed = [Landed(0, BatchId(1, 0), start)]
        batchers = Batchers.of_landed(landed, limits, position, sink, settings.collections)
        tables = Tables(source, await read_tables(connection, source.scope), batchers)
    return Stream(source, Timeline(position, batchers), References(tables), Nobody(), sink)


class Nobody:
    """After the stretch, tables of other databases are made; they do not matter here."""

    async def answer(self, question: Question) -> None:
        """Whatever is asked, nothing is looked up."""

    async def skip(self, error: SourceError, position: str) -> None:
        """No event is skipped."""
        raise error


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(asdict(runner.run(read(Task(**json.loads(sys.argv[1])))))))
