"""Transactions and events that the servers compress."""

from itertools import groupby
from pathlib import Path

import pytest

from migrator.errors import ConfigurationError
from migrator.mysql.binlog.reader import (
    Query,
    Rows,
    RowsKind,
)
from migrator.mysql.wire.connection import Connection, SourceUrl, connect
from servers.mariadb import MariaDB
from servers.process import free_port
from tests.migrator.mysql.on_servers.logged import TABLE, events_of, names_of


async def test_compressed_transactions_are_expanded(mysql: Connection) -> None:
    await mysql.query(TABLE)

    events = await events_of(
        mysql,
        "SET SESSION binlog_transaction_compression = ON",
        "BEGIN",
        *["INSERT INTO t (s, c) VALUES ('a', REPEAT('b', 90)), ('c', REPEAT('d', 90))"] * 200,
        "COMMIT",
    )

    at = next(i for i, event in enumerate(events) if isinstance(event, Query))
    assert names_of(events[at:])[:202] == ["BEGIN", *["insert"] * 200, "Xid"]
    rows = [event for event in events if isinstance(event, Rows)]
    assert len({event.end for event in rows}) == 1  # No place inside the payload is a position.


async def test_columns_without_names_are_a_matter_of_configuration(tmp_path: Path) -> None:
    server = MariaDB(tmp_path, port=free_port(0))
    try:
        url = SourceUrl.parse(str(server.start()))
        async with await connect(url) as connection:
            await connection.query("CREATE DATABASE d")
            await connection.query("USE d")
            await connection.query(TABLE)
            await connection.query("SET GLOBAL log_bin_compress = ON")
            await connection.query("SET GLOBAL log_bin_compress_min_len = 10")
            compressed = await events_of(
                connection,
                f"INSERT INTO t (c) VALUES {', '.join(['(REPEAT(1, 90))'] * 50)}",
                "UPDATE t SET i = 7",
                "DELETE FROM t",
                f"CREATE TABLE x (id INT) COMMENT '{'long ' * 50}'",
            )
            await connection.query("SET GLOBAL binlog_row_metadata = NO_LOG")

            with pytest.raises(ConfigurationError, match="binlog_row_metadata = 'FULL'"):
                await events_of(connection, "INSERT INTO t (i) VALUES (1)")
    finally:
        server.stop()

    # Large statements are several events.
    names = [name for name, _ in groupby(names_of(compressed))]
    assert names[:6] == ["insert", "Xid", "update", "Xid", "delete", "Xid"]
    rows = [event for event in compressed if isinstance(event, Rows)]
    assert sum(row.stop - row.start for row in rows if row.kind is RowsKind.INSERT) > 50 * 90
    assert all(row.body[row.start : row.stop].count(b"1" * 90) for row in rows)
    assert "long long" in names[6]
