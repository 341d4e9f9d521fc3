"""The decoder alone: row events that are in memory become BSON documents, in lists."""

import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import asdict

from benchmarks.migrator.readers import Reading, Task
from migrator.capture.stream.batcher import Batchers, Limits
from migrator.capture.stream.tables import Tables
from migrator.model.batch import Batch, BatchId
from migrator.model.position import Position
from migrator.model.rows import RowGroup
from migrator.model.scope import Scope
from migrator.model.state import Landed
from migrator.mysql.binlog.dump import dump
from migrator.mysql.binlog.reader import EventReader, Rows, RowsKind
from migrator.mysql.catalog.tables import read_tables
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.position.read_position import ReadPosition
from migrator.mysql.source import Source
from migrator.mysql.wire.connection import Connection, SourceUrl, connect
from migrator.settings import Settings

LEAST_S = 1.0
"""Events are decoded again and again for so long; the whole rounds count."""


async def read(task: Task) -> Reading:
    """Decode all rows of the stretch, then those of each table, again and again."""
    async with await connect(SourceUrl.parse(task.url)) as connection:
        tables = await _tables(connection, task)
        events = await _events(connection, task)
    _decode(events, tables)  # The decoders are made in the first round.
    rows, wall_s, cpu_s = _timed(events, tables)
    of_table: dict[str, list[Rows]] = defaultdict(list)
    for event in events:
        of_table[event.shape.table.name].append(event)
    cpu_us = {}
    for name, some in of_table.items():
        number, _, seconds = _timed(some, tables)
        cpu_us[name] = round(seconds / number * 1e6, 2)
    return Reading(rows, wall_s, cpu_s, cpu_us=cpu_us)


def _timed(events: Sequence[Rows], tables: Tables) -> tuple[int, float, float]:
    """The rows of a round, and its seconds by the clock and of the processor."""
    rounds = rows = 0
    begin_s, begin_cpu_s = time.perf_counter(), time.process_time()
    while not rounds or time.perf_counter() - begin_s < LEAST_S:
        rows = _decode(events, tables)
        rounds += 1
    wall_s, cpu_s = time.perf_counter() - begin_s, time.process_time() - begin_cpu_s
    return rows, wall_s / rounds, cpu_s / rounds


class Nowhere:
    """A sink for no batch."""

    def put(self, batch: Batch) -> None:
        """Drop it."""


async def _tables(connection: Connection, task: Task) -> Tables:
    settings = Settings()
    options = TypeOptions(settings.zero_dates, settings.microseconds)
    source = Source(SourceUrl.parse(task.url), Scope((task.database,)), options)
    start = Position()
    batchers = Batchers.of_landed(
        [Landed(0, BatchId(1, 0), start)],
        Limits(1, 1),
        ReadPosition(start, connection.server),
        Nowhere(),
        settings.collections,
    )
    return Tables(source, await read_tables(connection, source.scope), batchers)


async def _events(connection: Connection, task: Task) -> list[Rows]:
    """The row events, each with its bytes, until all rows are there."""
    start = Position(task.gtids, task.file, 4, connection.server.identity)
    reader = EventReader(Scope((task.database,)).wants)
    tables = await _tables(connection, task)
    events: list[Rows] = []
    rows = 0
    arriving = dump(connection, start, server_id=task.server_id, heartbeat_s=1)
    async with aclosing(arriving):
        async for packets in arriving:
            found = [event for event in reader.events(packets) if isinstance(event, Rows)]
            events += found
            rows += _decode(found, tables)
            if rows >= task.rows:
                return events
    raise AssertionError("A binlog has no end.")


def _decode(events: Iterable[Rows], tables: Tables) -> int:
    return sum(len(group.rows) for event in events for group in _groups(event, tables))


def _groups(event: Rows, tables: Tables) -> Iterable[RowGroup]:
    decoder = tables.decoder(event.shape)
    assert decoder is not None
    rows, body, start, stop = decoder.rows, event.body, event.start, event.stop
    if event.kind is RowsKind.INSERT:
        return rows.inserts(body, start, stop)
    if event.kind is RowsKind.UPDATE:
        return rows.updates(body, start, stop, partial_json=event.partial_json)
    return rows.deletes(body, start, stop)


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(read(Task(**json.loads(sys.argv[1])))))))
