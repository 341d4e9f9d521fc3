"""A log is read as mysqlbinlog, MySQL's own reader, reads the very same file."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import bson
import pytest

from migrator.model.rows import Operation
from migrator.model.table import TableName
from migrator.mysql.binlog.reader import (
    Event,
    EventReader,
    Gtid,
    Query,
    Rows,
    RowsKind,
    Xid,
)
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.columns.column import TableShape
from migrator.mysql.position.log import current_position
from migrator.mysql.rows.decoder import BinlogDecoder
from migrator.mysql.wire.connection import Connection
from tests.migrator.mysql.on_servers.conftest import logged_since
from tests.migrator.mysql.on_servers.oracle import (
    Image,
    Printed,
    Transaction,
    mysqlbinlog,
    transactions,
)
from tests.migrator.mysql.on_servers.oracle_workload import KEYS, TABLES, make_tables, run

SEED = 20_240_607
# The choices that keep every digit and every date that is none.
OPTIONS = TypeOptions(zero_dates="string", microseconds="string")
NAMES: dict[type[Event], str] = {
    Gtid: "GTID",
    Query: "Query",
    Xid: "Xid",
}
ROWS_NAMES = {
    RowsKind.INSERT: "Write_rows",
    RowsKind.UPDATE: "Update_rows",
    RowsKind.DELETE: "Delete_rows",
}
KNOWN = {*NAMES.values(), *ROWS_NAMES.values()}

Change = tuple[TableName, Operation, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Log:
    """The same transactions twice: as our reader and as mysqlbinlog have them."""

    read: list[list[Event]]
    printed: list[Transaction]


@pytest.fixture
async def log(mysql: Connection) -> Log:
    ((database, folder),) = await mysql.query("SELECT DATABASE(), @@datadir")
    await make_tables(mysql)
    start = await current_position(mysql)
    await run(mysql, Random(SEED))
    end = await current_position(mysql)
    assert end.file == start.file, "the log went on in another file; run the test again"

    reader = EventReader(lambda table: table.database == database)
    read = list(reader.events(await logged_since(mysql.url, start)))
    text = mysqlbinlog(Path(folder, start.file), start.offset, end.offset, database)
    printed = transactions(text)
    return Log(
        [own for own in _transactions(read) if any(isinstance(e, Rows) for e in own)],
        [own for own in printed if any(table.database == database for table in own.tables)],
    )


async def test_every_row_and_column_is_what_mysqlbinlog_prints(log: Log) -> None:
    compared = 0
    for read, printed in zip(log.read, log.printed, strict=True):
        rows = [event for event in read if isinstance(event, Rows)]
        expected = [change for row in printed.rows for change in _expected(row)]
        # A decoder that has seen many rows reads by programs, a new one value by value.
        for decoder in (_decoder, _decoder.__wrapped__):
            found = [change for event in rows for change in _found(event, decoder(event.shape))]

            assert [change[:2] for change in found] == [change[:2] for change in expected]
            for (table, _, ours), (*_, theirs) in zip(found, expected, strict=True):
                assert _differences(ours, theirs) == [], f"{table} in {printed.gtid}"
                compared += len(theirs)

    # The workload is one that has something to compare.
    assert compared > 20_000
    operations = {row.operation for own in log.printed for row in own.rows}
    assert operations == {"INSERT INTO", "UPDATE", "DELETE FROM"}


async def test_events_are_those_that_mysqlbinlog_lists(log: Log) -> None:
    read = [
        (own[0].gtid, own[0].committed_at, [(_name(event), event.end) for event in own])
        for own in log.read
        if isinstance(own[0], Gtid)
    ]

    printed = [
        (own.gtid, own.committed_at, [event for event in own.events if event[0] in KNOWN])
        for own in log.printed
    ]
    assert read == printed
    assert {own.is_compressed for own in log.printed} == {True, False}
    assert {":kooch:" in own.gtid for own in log.printed} == {True, False}
    assert any(kinds.count("Write_rows") > kinds.count("Table_map") for kinds in _kinds(log))


def _transactions(events: list[Event]) -> list[list[Event]]:
    found: list[list[Event]] = []
    for event in events:
        if isinstance(event, Gtid):
            found.append([])
        if found and (type(event) in NAMES or isinstance(event, Rows)):
            found[-1].append(event)
    return found


def _name(event: Event) -> str:
    return ROWS_NAMES[event.kind] if isinstance(event, Rows) else NAMES[type(event)]


def _kinds(log: Log) -> Iterator[list[str]]:
    for own in log.printed:
        yield [kind for kind, _ in own.events]


@cache
def _decoder(shape: TableShape) -> BinlogDecoder:
    return BinlogDecoder(shape, shape.key, OPTIONS)


def _found(event: Rows, decoder: BinlogDecoder) -> Iterator[Change]:
    read = {
        RowsKind.INSERT: decoder.inserts,
        RowsKind.UPDATE: decoder.updates,
        RowsKind.DELETE: decoder.deletes,
    }[event.kind]
    for changes in read(event.body, event.start, event.stop):
        for row in changes.rows:
            yield event.shape.table, changes.operation, bson.decode(row)


def _expected(row: Printed) -> Iterator[Change]:
    images = {name: _document(row.table.name, image) for name, image in row.images.items()}
    before, after = images.get("WHERE"), images.get("SET")
    if before is not None and (after is None or _is_moved(before, after)):
        yield row.table, Operation.DELETE, {"_id": before["_id"]}
    if after is not None:
        yield row.table, Operation.PUT if before else Operation.INSERT, after


def _is_moved(before: dict[str, Any], after: dict[str, Any]) -> bool:
    return any(name == "_id" for name, *_ in _differences(before, after))


def _document(table: str, image: Image) -> dict[str, Any]:
    kinds, names = TABLES[table], KEYS[table]
    row = {
        name: None if text is None else kinds[name].printed(text)
        for name, text in zip(kinds, image, strict=True)
    }
    key = {name: row[name] for name in names}
    return {"_id": key if len(names) > 1 else row[names[0]], **row}


def _differences(ours: dict[str, Any], theirs: dict[str, Any]) -> list[Any]:
    """The names of elements that have not the same bytes in BSON, and what they are."""
    assert list(ours) == list(theirs)
    return [
        (name, ours[name], theirs[name])
        for name in ours
        if bson.encode({name: ours[name]}) != bson.encode({name: theirs[name]})
    ]
