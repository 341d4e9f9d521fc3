"""The migrator's own reading: the binlog over the network to encoded batches, discarded.

Everything is what `migrator.capture.session` runs, but for the broker: `send` encodes and forgets.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict

import uvloop

from benchmarks.migrator.readers import Reading, Task
from migrator.capture.batcher import Lane, Limits
from migrator.capture.pending import Pending
from migrator.capture.sending import Outbox
from migrator.capture.stream import Stream
from migrator.capture.tables import Tables
from migrator.capture.transactions import Assembler
from migrator.errors import SourceError
from migrator.model.batch import Batch, BatchId
from migrator.model.position import Position
from migrator.model.scope import Scope
from migrator.model.state import Landed
from migrator.model.wire import encode
from migrator.mysql.catalog.tables import read_tables
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.position.gtid import parse
from migrator.mysql.wire.connection import Connection, SourceUrl, connect
from migrator.runtime.tasks import together
from migrator.settings import Settings
from migrator.snapshot.window import Watches


class Enough(Exception):
    """All rows have been encoded."""


class Discarded:
    """Counts what a publisher would send. Raises `Enough` once all is there."""

    def __init__(self, expected: int) -> None:
        self.rows = self.bytes = 0
        self.end_s = self.end_cpu_s = 0.0
        self._expected = expected

    async def send(self, batch: Batch) -> None:
        """Encode it; no broker takes it."""
        self.bytes += len(encode(batch))
        self.rows += batch.count
        if self.rows >= self._expected:
            self.end_s, self.end_cpu_s = time.perf_counter(), time.process_time()
            raise Enough


async def read(task: Task) -> Reading:
    """Read until all rows have been encoded."""
    settings = Settings()
    url = SourceUrl.parse(task.url)
    begin_s, begin_cpu_s = time.perf_counter(), time.process_time()
    async with await connect(url) as connection:
        sink = Discarded(task.rows)
        outbox = Outbox(sink.send, settings.queue_bytes_max)
        stream = await _stream(task, settings, connection, lambda: connect(url), outbox)
        with suppress(Enough):
            following = stream.run(task.server_id, settings.heartbeat_s)
            await together(stream=following, outbox=outbox.run())
    return Reading(sink.rows, sink.end_s - begin_s, sink.end_cpu_s - begin_cpu_s, sink.bytes)


async def _stream(
    task: Task,
    settings: Settings,
    connection: Connection,
    connected: Callable[[], Awaitable[Connection]],
    outbox: Outbox,
) -> Stream:
    scope = Scope((task.database,))
    options = TypeOptions(settings.zero_dates, settings.microseconds)
    start = Position(task.gtids, task.file, 4, connection.server.identity)
    lanes: list[Lane] = []
    tables = Tables(scope, await read_tables(connection, scope), options, lambda _: lanes[0])
    gtids = parse(task.gtids, mariadb=False)
    assembler = Assembler(tables, lanes, Watches(), start, gtids, is_mariadb=False)
    limits = Limits(settings.batch_rows_max, settings.batch_bytes_max)
    lanes.append(Lane(Landed(0, BatchId(1, 0), start), limits, outbox.put, assembler.position))
    linger_s = settings.linger_ms / 1000
    return Stream(connected, assembler, scope.wants, outbox, Nobody(), linger_s)


class Nobody:
    """Behind the stretch, tables of other databases are made; they do not matter here."""

    async def resolve(self, pending: Pending) -> None:
        """Whatever is asked, nothing is looked up."""

    async def past(self, error: SourceError, place: str) -> None:
        """No error is passed."""
        raise error


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(asdict(runner.run(read(Task(**json.loads(sys.argv[1])))))))
