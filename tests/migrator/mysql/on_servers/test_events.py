"""What the real servers log is read as what was done."""

from migrator.model.position import Position
from migrator.model.table import TableName
from migrator.mysql.binlog.reader import (
    EventReader,
    Gtid,
    Query,
    Rows,
    RowsKind,
    XaPrepare,
)
from migrator.mysql.position.log import current_position
from migrator.mysql.types import labels
from migrator.mysql.wire.connection import Connection
from tests.migrator.mysql.on_servers.conftest import logged_since
from tests.migrator.mysql.on_servers.logged import TABLE, events_of, names_of, own_events, wanted


async def test_a_table_map_describes_the_table(connection: Connection) -> None:
    events = await events_of(connection, TABLE, "INSERT INTO t (i) VALUES (1)")

    shape = next(event.shape for event in events if isinstance(event, Rows))
    rows = await connection.query(
        "SELECT column_name, collation_name, is_nullable, column_type FROM "
        "information_schema.columns WHERE table_schema = DATABASE() AND table_name = 't' "
        "ORDER BY ordinal_position"
    )
    collations = dict(
        await connection.query("SELECT id, collation_name FROM information_schema.collations")
    )
    assert [column.name for column in shape.columns] == [row[0] for row in rows]
    for column, (_, collation, nullable, kind) in zip(shape.columns, rows, strict=True):
        assert column.nullable == (nullable == "YES")
        assert column.unsigned == ("unsigned" in kind or column.name == "y")
        if collation:
            assert column.collation is not None
            assert collations[column.collation] == collation
    assert shape.key == (0,)
    by_name = {column.name: column for column in shape.columns}
    assert by_name["b"].collation == 63
    assert by_name["c"].metadata == 400
    assert by_name["d"].metadata == 10 << 8 | 2
    assert by_name["bt"].metadata == 13
    assert by_name["e"].kind is labels.ENUM
    assert by_name["e"].labels == (b"a", "ü".encode())
    assert (by_name["m"].kind, by_name["m"].labels) == (labels.SET, (b"x", b"y"))


async def test_a_transaction_is_a_sequence_of_events(connection: Connection) -> None:
    await connection.query(TABLE)

    events = await events_of(
        connection,
        "BEGIN",
        "INSERT INTO t (s) VALUES ('one'), ('two')",
        "SAVEPOINT a",
        "INSERT INTO t (s) VALUES ('gone')",
        "ROLLBACK TO a",
        "UPDATE t SET i = 5",
        "DELETE FROM t",
        "COMMIT",
    )

    names = [name for name in names_of(events) if name != "BEGIN"]
    assert [name for name in names if "SAVEPOINT" not in name and "ROLLBACK" not in name] == [
        "insert",
        "update",
        "delete",
        "Xid",
    ]
    update = next(e for e in events if isinstance(e, Rows) and e.kind is RowsKind.UPDATE)
    assert update.before_bitmap == update.after_bitmap
    assert int.from_bytes(update.before_bitmap, "little") & 0x1FFF == 0x1FFF


async def test_a_distributed_transaction_has_one_name(connection: Connection) -> None:
    await connection.query(TABLE)
    ((database,),) = await connection.query("SELECT DATABASE()")
    name = f"'{database}','\xe9ab',7"

    events = await events_of(
        connection,
        f"XA START {name}",
        "INSERT INTO t (i) VALUES (1)",
        f"XA END {name}",
        f"XA PREPARE {name}",
        f"XA COMMIT {name}",
    )

    prepared = next(event for event in events if isinstance(event, XaPrepare))
    assert not prepared.one_phase
    assert f"XA COMMIT {prepared.xid}" in names_of(events)


async def test_gtids_tell_all_that_happened(connection: Connection) -> None:
    start = await current_position(connection)
    events = await events_of(connection, TABLE, "INSERT INTO t (i) VALUES (1)", "DROP TABLE t")
    end = await current_position(connection)

    gtids = [event for event in events if isinstance(event, Gtid)]
    assert len({event.gtid for event in gtids}) == len(gtids) >= 3
    ((now,),) = await connection.query("SELECT UNIX_TIMESTAMP()")
    assert all(abs(event.committed_at / 1e6 - float(now)) < 30 for event in gtids)
    assert all(start.offset < event.end <= end.offset for event in events)
    ends = [event.end for event in events]
    assert ends == sorted(ends)


async def test_mariadb_says_whether_a_commit_will_follow(mariadb: Connection) -> None:
    events = await events_of(mariadb, TABLE, "INSERT INTO t (i) VALUES (1)")

    at = next(i for i, e in enumerate(events) if isinstance(e, Query) and b"CREATE" in e.text)
    ddl = events[at - 1]
    assert isinstance(ddl, Gtid)
    assert not ddl.begins
    dml = next(event for event in events[at:] if isinstance(event, Gtid))
    assert dml.begins


async def test_statements_of_another_character_set_are_decoded(connection: Connection) -> None:
    # As a client with SET NAMES latin1 sends it; the server keeps its bytes in the log.
    await connection.query("SET character_set_client = latin1")
    sql = "CREATE TABLE `caf\xc3\xa9` (id INT)"

    events = await events_of(connection, sql)

    assert any("CREATE TABLE" in name for name in names_of(events))


async def test_tagged_gtids_are_read_and_resumed_from(mysql: Connection) -> None:
    await mysql.query(TABLE)
    await mysql.query("SET gtid_next = 'AUTOMATIC:kooch'")
    events = await events_of(mysql, "INSERT INTO t (i) VALUES (1)")
    tagged = [event.gtid for event in events if isinstance(event, Gtid) and "kooch" in event.gtid]
    after = await current_position(mysql)

    events = await events_of(mysql, "INSERT INTO t (i) VALUES (2)")

    (gtid,) = tagged
    assert gtid.startswith(f"{mysql.server.identity}:kooch:")
    assert ":kooch:" in after.gtids
    assert gtid not in [event.gtid for event in events if isinstance(event, Gtid)]
    assert names_of(events).count("insert") == 1


async def test_differences_of_json_are_marked(mysql: Connection) -> None:
    await mysql.query("CREATE TABLE j (id INT PRIMARY KEY, doc JSON)")
    await mysql.query("INSERT INTO j VALUES (1, JSON_OBJECT('a', REPEAT('x', 100), 'b', 1))")

    events = await events_of(
        mysql,
        "SET SESSION binlog_row_value_options = PARTIAL_JSON",
        "UPDATE j SET doc = JSON_SET(doc, '$.b', 2)",
    )

    (update,) = [event for event in events if isinstance(event, Rows)]
    assert update.partial_json


async def test_unwanted_tables_are_not_even_parsed(mysql: Connection) -> None:
    await mysql.query("CREATE TABLE a (id INT)")
    await mysql.query("CREATE TABLE b (id INT)")
    start = await current_position(mysql)
    await mysql.query("INSERT INTO a VALUES (1)")
    await mysql.query("INSERT INTO b VALUES (1)")
    ((database,),) = await mysql.query("SELECT DATABASE()")
    reader = EventReader(lambda table: table == TableName(database, "b"))

    events = own_events(list(reader.events(await logged_since(mysql.url, start))), database)

    assert [event.shape.table.name for event in events if isinstance(event, Rows)] == ["b"]


async def test_file_and_offset_lead_to_the_same_events(mariadb: Connection) -> None:
    connection = mariadb  # A MySQL server with GTIDs is asked by GTIDs only.
    await connection.query(TABLE)
    start = await current_position(connection)
    await connection.query("INSERT INTO t (i) VALUES (1), (2)")
    by_file = Position(file=start.file, offset=start.offset, server=start.server)

    first = await logged_since(connection.url, start)
    second = await logged_since(connection.url, by_file)

    ((database,),) = await connection.query("SELECT DATABASE()")
    found = [own_events(list(EventReader(wanted).events(raw)), database) for raw in (first, second)]
    assert found[0] == found[1] != []
