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
from migrator.capture.batcher import Lane, Limits
from migrator.capture.tables import Tables
from migrator.model.batch import BatchId
from migrator.model.position import Position
from migrator.model.rows import RowGroup
from migrator.model.scope import Scope
from migrator.model.state import Landed
from migrator.mysql.binlog.dump import dump
from migrator.mysql.binlog.reader import EventReader, Rows, RowsKind
from migrator.mysql.catalog.tables import read_tables
from migrator.mysql.columns.codec import TypeOptions
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


async def _tables(connection: Connection, task: Task) -> Tables:
    settings = Settings()
    scope = Scope((task.database,))
    options = TypeOptions(settings.zero_dates, settings.microseconds)
    lane = Lane(Landed(0, BatchId(1, 0), Position()), Limits(1, 1), lambda _: None, Position)
    return Tables(scope, await read_tables(connection, scope), options, lambda _: lane)


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
    return sum(len(run.rows) for event in events for run in _runs(event, tables))


def _runs(event: Rows, tables: Tables) -> Iterable[RowGroup]:
    stream = tables.stream(event.shape)
    assert stream is not None
    decoder, body, start, stop = stream.decoder, event.body, event.start, event.stop
    if event.kind is RowsKind.INSERT:
        return decoder.inserts(body, start, stop)
    if event.kind is RowsKind.UPDATE:
        return decoder.updates(body, start, stop, partial_json=event.partial_json)
    return decoder.deletes(body, start, stop)


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(read(Task(**json.loads(sys.argv[1])))))))
