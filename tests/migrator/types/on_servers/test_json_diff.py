"""Partial updates: what is made of the differences is what the server has made of them."""

import asyncio
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from migrator.mysql.columns.codec import Value
from migrator.mysql.position.log import current_position
from migrator.mysql.wire.connection import SourceUrl
from tests.migrator.types.two_inputs import decoded, rows_since, select, table, updated

# Differences are logged only if they are shorter than the document.
PADDING = "x" * 3000
DOCUMENT: dict[str, Any] = {
    "padding": PADDING,
    "a": 1,
    "b": [1, [2, 3], {"x": {}}],
    "cc": {"x": "y", "é": [], 'q"u\\o': 5, "a b": None, "": 7},
    "d": "text",
}


def after_each(url: SourceUrl, document: Any, *updates: str) -> list[tuple[Value, Value, bool]]:
    """For each expression of `v`: from the log, from a SELECT, and whether it was in part."""
    return asyncio.run(_after_each(url, document, updates))


async def _after_each(
    url: SourceUrl, document: Any, updates: tuple[str, ...]
) -> list[tuple[Value, Value, bool]]:
    async with table(url, "JSON") as connection:
        await connection.query("INSERT INTO t VALUES (1, %s)", json.dumps(document))
        await connection.query("SET SESSION binlog_row_value_options = 'PARTIAL_JSON'")
        await connection.query("CREATE TABLE states (n INT AUTO_INCREMENT PRIMARY KEY, v JSON)")
        start = await current_position(connection)
        await connection.query("BEGIN")
        for update in updates:
            # The counter makes every statement a change, so that each has its event.
            await connection.query(f"UPDATE t SET v = {update}, id = id + 1")
            await connection.query("INSERT INTO states (v) SELECT v FROM t")
        await connection.query("COMMIT")
        changes = [
            event for event in await rows_since(connection, start) if event.shape.table.name == "t"
        ]
        await connection.query("DELETE FROM t")
        await connection.query("INSERT INTO t SELECT n, v FROM states")
        selected = await select(connection, changes[0].shape.columns[1])
    found = [updated(event) for event in changes]
    return [(value, two, part) for (value, part), two in zip(found, selected, strict=True)]


UPDATES = [
    "JSON_SET(v, '$.a', 2)",
    "JSON_SET(v, '$.b[0]', 'new')",
    "JSON_SET(v, '$.b[last]', CAST(1.5 AS JSON))",
    "JSON_SET(v, '$.b[last-1][0]', DATE'2020-01-01')",
    "JSON_SET(v, '$.b[10]', NULL)",
    "JSON_SET(v, '$.a[0]', 'the scalar itself')",
    "JSON_SET(v, '$.a[last]', 'again')",
    "JSON_SET(v, '$.a[1]', 'wrapped')",
    "JSON_SET(v, '$.d[0][0]', 5)",
    "JSON_SET(v, '$.z', 1, '$.aa', 2, '$.ß', 3, '$.b2', 4, '$.\"\"', 5)",
    "JSON_REPLACE(v, '$.cc.\"a b\"', CAST('{\"n\": [1]}' AS JSON))",
    'JSON_SET(v, \'$.cc."q\\\\"u\\\\\\\\o"\', 6)',
    "JSON_SET(v, '$.cc.é', CAST('[]' AS JSON), '$.cc.é[0]', 1, '$.cc.é[1]', 2)",
    "JSON_SET(v, '$.cc.\"\"', TRUE)",
    "JSON_SET(v, '$.\"new\\\\nline\"', 1, '$.\"tab\\\\t\\\\u0001\"', 2)",
    "JSON_REMOVE(v, '$.b[0]')",
    "JSON_REMOVE(v, '$.b[last]')",
    "JSON_REMOVE(v, '$.cc.x', '$.cc.é', '$.d')",
    "JSON_SET(JSON_REMOVE(v, '$.cc'), '$.cc', CAST('{}' AS JSON))",
    "JSON_SET(v, '$.z', 1)",
    "JSON_ARRAY_APPEND(v, '$.b', 4)",
    "JSON_ARRAY_INSERT(v, '$.b[0]', 4)",
    "JSON_MERGE_PATCH(v, '{\"a\": 8}')",
    "JSON_SET(v, '$.big', REPEAT('y', 70000))",
    "JSON_SET(v, '$.b[0]', 18446744073709551615, '$.b[1]', X'00FF')",
]
WHOLE = ("JSON_ARRAY_", "JSON_MERGE_")


def test_every_kind_of_change_is_what_the_server_makes_of_it(mysql_url: SourceUrl) -> None:
    found = after_each(mysql_url, DOCUMENT, *UPDATES)

    for update, (streamed, selected, is_partial) in zip(UPDATES, found, strict=True):
        assert streamed == selected, update
        assert is_partial is not update.startswith(WHOLE)


def test_the_root_may_be_an_array_and_may_be_replaced(mysql_url: SourceUrl) -> None:
    updates = ["JSON_SET(v, '$[0]', 1)", "JSON_SET(v, '$[last]', 2)", "JSON_SET(v, '$[9]', 3)",
               "JSON_REMOVE(v, '$[0]')", "JSON_SET(v, '$[0].a', 1)", "JSON_SET(v, '$', 5)",
               "JSON_SET(v, '$[0]', 6)", "JSON_SET(v, '$[1]', 7)"]  # fmt: skip

    found = after_each(mysql_url, [0, {}, PADDING, [2], 4], *updates)

    assert [decoded(streamed) for streamed, _, _ in found][-3:] == [5, 6, [6, 7]]
    assert [streamed for streamed, _, _ in found] == [selected for _, selected, _ in found]
    assert [is_partial for _, _, is_partial in found] == [True] * 5 + [False] * 3


NAMES = ["a", "bb", "$.c", "a b", "é", "", "last", "0", 'q"', "\\", "\n", "."]
SMALL = st.recursive(
    st.integers(-5, 70_000) | st.text(max_size=3) | st.none() | st.floats(-9, 9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner),
    max_leaves=6,
)
LEGS = (
    st.sampled_from(NAMES).map(lambda name: "." + json.dumps(name, ensure_ascii=False))
    | st.integers(0, 3).map(lambda cell: f"[{cell}]")
    | st.sampled_from(["[last]", "[last-1]"])
)
PATHS = st.lists(LEGS, min_size=1, max_size=3).map(lambda legs: "$" + "".join(legs))


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("%", "%%") + "'"


def _cast(value: Any) -> str:
    return f"CAST({_quoted(json.dumps(value))} AS JSON)"


CHANGES = st.lists(
    st.tuples(st.sampled_from(["SET", "REPLACE", "INSERT", "REMOVE"]), PATHS, SMALL),
    min_size=1, max_size=3,
)  # fmt: skip


def _expression(changes: list[tuple[str, str, Any]]) -> str:
    sql = "v"
    for function, path, value in changes:
        argument = "" if function == "REMOVE" else f", {_cast(value)}"
        sql = f"JSON_{function}({sql}, {_quoted(path)}{argument})"
    return sql


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    document=st.dictionaries(st.sampled_from(NAMES), SMALL, min_size=3),
    updates=st.lists(CHANGES, min_size=30, max_size=60),
)
def test_any_changes_are_what_the_server_makes_of_them(
    mysql_url: SourceUrl, document: Any, updates: list[list[tuple[str, str, Any]]]
) -> None:
    expressions = [_expression(changes) for changes in updates]

    found = after_each(mysql_url, {**document, "padding": PADDING}, *expressions)

    for changes, (streamed, selected, _) in zip(updates, found, strict=True):
        assert streamed == selected, changes
    assert any(is_partial for _, _, is_partial in found)


def test_a_value_is_decoded_once_it_is_complete(mysql_url: SourceUrl) -> None:
    ((streamed, _, is_partial),) = after_each(mysql_url, DOCUMENT, "JSON_SET(v, '$.aa', 1)")

    assert is_partial
    assert list(decoded(streamed)) == ["a", "b", "d", "aa", "cc", "padding"]
