"""Changes as the servers log them: keys that move, differences of JSON, rows shown in part."""

import bson
import pytest

from migrator.model.rows import Operation
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.wire.connection import SourceUrl
from tests.migrator.types.two_inputs import table as own_table
from tests.migrator.types.whole_rows import (
    catalogue_of,
    decoder_of,
    documents,
    events_of,
    groups_of,
    selected,
)


async def test_a_row_whose_key_changes_moves(url: SourceUrl) -> None:
    async with own_table(url, "VARCHAR(9)") as connection:
        changes = [
            "INSERT INTO t VALUES (1, 'a'), (2, 'b')",
            "UPDATE t SET id = id + 10, v = NULL",
            "UPDATE t SET v = 'c' WHERE id = 12",
            "DELETE FROM t WHERE id = 11",
        ]
        events = await events_of(connection, changes)
        runs = groups_of(events, await catalogue_of(connection))

    assert [(run.operation, [bson.decode(row) for row in run.rows]) for run in runs] == [
        (Operation.INSERT, [{"_id": 1, "id": 1, "v": "a"}, {"_id": 2, "id": 2, "v": "b"}]),
        (Operation.DELETE, [{"_id": 1}]),
        (Operation.PUT, [{"_id": 11, "id": 11, "v": None}]),
        (Operation.DELETE, [{"_id": 2}]),
        (Operation.PUT, [{"_id": 12, "id": 12, "v": None}]),
        (Operation.PUT, [{"_id": 12, "id": 12, "v": "c"}]),
        (Operation.DELETE, [{"_id": 11}]),
    ]


async def test_differences_of_json_are_applied(mysql_url: SourceUrl) -> None:
    async with own_table(mysql_url, "JSON") as connection:
        await connection.query("ALTER TABLE t ADD n INT, ADD w JSON")
        await connection.query("SET binlog_row_value_options = PARTIAL_JSON")
        long = '{"a": 1, "list": [1, 2, 3], "text": "' + "x" * 200 + '"}'
        changes = [
            f"INSERT INTO t VALUES (1, '{long}', 1, '{long}'), (2, '{long}', 2, NULL)",
            "UPDATE t SET w = JSON_SET(w, '$.a', 'new', '$.more', 1.5), n = 3",
            "UPDATE t SET v = JSON_REMOVE(v, '$.list[1]'), w = JSON_SET(w, '$.list[0]', 7)",
            "UPDATE t SET v = '[1]', w = JSON_SET(w, '$.a', 8)",
            "UPDATE t SET n = n + 1",
            "UPDATE t SET v = NULL",
        ]
        events = await events_of(connection, changes)
        table = await catalogue_of(connection)
        runs = groups_of(events, table)
        copied = documents(await selected(connection, table))

    assert any(event.partial_json for event in events)
    rows = [bson.decode(row) for row in documents(runs)]
    assert rows[2]["w"] == {"a": "new", "list": [1, 2, 3], "text": "x" * 200, "more": 1.5}
    assert rows[4]["v"] == {"a": 1, "list": [1, 3], "text": "x" * 200}
    assert rows[4]["w"]["list"] == [7, 2, 3]
    assert (rows[6]["v"], rows[6]["w"]["a"]) == ([1], 8)
    assert documents(runs)[-2:] == copied


@pytest.mark.parametrize("image", ["MINIMAL", "NOBLOB"])
async def test_rows_that_are_shown_in_part_have_keys(url: SourceUrl, image: str) -> None:
    async with own_table(url, "TEXT") as connection:
        await connection.query(f"SET binlog_row_image = {image}")
        changes = [
            "INSERT INTO t (id) VALUES (1), (2), (3)",
            "UPDATE t SET v = 'x' WHERE id < 3",
            "UPDATE t SET id = 9 WHERE id = 2",
            "DELETE FROM t WHERE id = 1",
        ]
        events = await events_of(connection, changes)
        table = await catalogue_of(connection)

        keys = [
            [
                [bson.decode(key)["_id"] for key in side]
                for side in decoder_of(event, table, TypeOptions()).keys(
                    event.body, event.start, event.stop, event.before_bitmap, event.after_bitmap
                )
            ]
            for event in events
        ]

    # Rows that went, and rows that are there.
    assert keys == [[[], [1, 2, 3]], [[], [1, 2]], [[2], [9]], [[1], []]]
