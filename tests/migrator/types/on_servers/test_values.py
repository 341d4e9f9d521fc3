"""Values of every type on real servers: both roads give what a client of the server reads."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import bson
import pymysql
import pytest
from bson.codec_options import DatetimeConversion
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pymysql.converters import conversions

from migrator.model.document_key import document_key
from migrator.model.rows import Operation, RowGroup
from migrator.mysql.columns.codec import TypeOptions
from migrator.mysql.columns.column import Column
from migrator.mysql.position.log import current_position
from migrator.mysql.rows import programs as row_programs
from migrator.mysql.text.charsets import charset_of
from migrator.mysql.types.numbers import YEAR
from migrator.mysql.wire.connection import SourceUrl
from tests.migrator.types.kinds import COMMON, GENERATED, KEY, KEYS, OWN
from tests.migrator.types.samples import Sample
from tests.migrator.types.two_inputs import rows_since, table
from tests.migrator.types.whole_rows import catalogue_of, documents, groups_of, selected

ENCODERS: Any = {kind: encode for kind, encode in conversions.items() if not isinstance(kind, int)}
Row = dict[str, Any]
EXACT: bson.CodecOptions[dict[str, Any]] = bson.CodecOptions(
    tz_aware=True, datetime_conversion=DatetimeConversion.DATETIME_MS
)


class Rows:
    """Rows that are not printed: they are long, and a difference names its column."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows

    def __repr__(self) -> str:
        return f"<{len(self.rows)} rows>"


class Client:
    """A session of a client that gets text, with modes that let everything in."""

    def __init__(self, url: SourceUrl, database: str) -> None:
        self._connection = pymysql.connect(
            host=url.host, port=url.port, user=url.user, database=database,
            charset="utf8mb4", conv=ENCODERS, autocommit=True, sql_mode="ALLOW_INVALID_DATES",
            init_command="SET time_zone = '+00:00'",
        )  # fmt: skip

    def run(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql, tuple(values))
            return list(cursor.fetchall())

    def close(self) -> None:
        self._connection.close()


@contextmanager
def client_of(url: SourceUrl, database: str) -> Iterator[Client]:
    client = Client(url, database)
    try:
        yield client
    finally:
        client.close()


def rows_of(kinds: dict[str, Sample]) -> st.SearchStrategy[Rows]:
    """Rows by column; a NULL here and there, never in a key."""
    one = st.fixed_dictionaries(
        {
            name: kind.values if name in KEYS else st.none() | kind.values
            for name, kind in kinds.items()
        }
    )
    return st.lists(one, min_size=1, max_size=5).map(Rows)


def stored(kinds: dict[str, Sample]) -> dict[str, Sample]:
    return {name: kind for name, kind in kinds.items() if name not in GENERATED}


def definition(kinds: dict[str, Sample]) -> str:
    lines = [f"`{name}` {kind.declaration}" for name, kind in kinds.items()]
    return f"CREATE TABLE every (id INT, {', '.join(lines)}, PRIMARY KEY ({', '.join(KEY)}))"


def write(client: Client, kinds: dict[str, Sample], rows: Sequence[Row]) -> None:
    """Insert all, give every third row the values of another, and delete every fifth."""
    for number, row in enumerate(rows):
        columns = ", ".join(f"`{name}` = {kinds[name].write}" for name in row)
        client.run(f"INSERT INTO every SET id = {number}, {columns}", list(row.values()))
    for number in range(0, len(rows), 3):
        other = rows[number - 1]
        columns = ", ".join(f"`{name}` = {kinds[name].write}" for name in other)
        client.run(f"UPDATE every SET {columns} WHERE id = {number}", list(other.values()))
    client.run("DELETE FROM every WHERE MOD(id, 5) = 4")


def expected(client: Client, kinds: dict[str, Sample], options: TypeOptions) -> list[bytes]:
    """The documents that the server's own answers make."""
    expressions = ", ".join(kind.read.format(f"`{name}`") for name, kind in kinds.items())
    answer = client.run(f"SELECT id, {expressions} FROM every ORDER BY {', '.join(KEY)}")
    return [bson.encode(_document(row, kinds, options)) for row in answer]


def _document(answer: tuple[Any, ...], kinds: dict[str, Sample], options: TypeOptions) -> Row:
    texts = dict(zip(kinds, answer[1:], strict=True))
    found = {
        name: None if texts[name] is None else kind.expected(texts[name], options)
        for name, kind in kinds.items()
    }
    identity = {
        name: (kinds[name].key or kinds[name].expected)(texts[name], options) for name in KEY[1:]
    }
    number = int(answer[0])
    return {"_id": {"id": number, **identity}, "id": number, **found}


def landed(groups: Sequence[RowGroup]) -> list[bytes]:
    """What is there once all changes are made, in the order of the numbers of the rows."""
    there: dict[bytes, bytes] = {}
    for group in groups:
        assert group.operation in {Operation.INSERT, Operation.PUT, Operation.DELETE}
        for row in group.rows:
            if group.operation is not Operation.DELETE:
                there[document_key(row)] = row
            else:
                del there[document_key(row)]
    return sorted(there.values(), key=lambda row: bson.decode(row, EXACT)["id"])


async def both_roads(
    url: SourceUrl, kinds: dict[str, Sample], rows: Sequence[Row], options: TypeOptions
) -> tuple[dict[str, list[bytes]], list[bytes]]:
    """What both roads bring, each by programs and by `Layout`, and what is expected."""
    async with table(url, "INT") as connection:
        ((database,),) = await connection.query("SELECT DATABASE()")
        with client_of(url, database) as client:
            client.run(definition(kinds))
            start = await current_position(connection)
            write(client, kinds, rows)
            wanted = expected(client, kinds, options)
        events = await rows_since(connection, start)
        catalogue = await catalogue_of(connection, "every")
        found: dict[str, list[bytes]] = {}
        for way, rows_before in {"programs": 1, "the layout": 1_000_000}.items():
            with patch.object(row_programs, "ROWS_BEFORE", rows_before):
                found[f"streamed by {way}"] = landed(groups_of(events, catalogue, options))
                groups = await selected(connection, catalogue, options)
                found[f"copied by {way}"] = documents(groups)
        return found, wanted


def kinds_of(server: str) -> dict[str, Sample]:
    return {**KEYS, **COMMON, **OWN[server], **GENERATED}


def differences(found: Sequence[bytes], wanted: Sequence[bytes]) -> list[tuple[Any, ...]]:
    """The values that differ, with their type in BSON: number of the row, column, both values."""
    pairs = zip(map(_values, found), map(_values, wanted), strict=True)
    return [
        (number, name, ours.get(name), theirs.get(name))
        for number, (ours, theirs) in enumerate(pairs)
        for name in {**ours, **theirs}
        if ours.get(name) != theirs.get(name)
    ]


def _values(document: bytes) -> dict[str, bytes]:
    raw = bson.decode(document, EXACT)
    return {
        name: bson.encode({"": value}, codec_options=EXACT)[4:64] for name, value in raw.items()
    }


def described(column: Column) -> tuple[object, ...]:
    """What the table of types says of a column; a collation stands for its character set."""
    charset = charset_of(column.collation).name if column.collation is not None else ""
    # The log calls YEAR unsigned, and the catalogue says nothing of it.
    sign = column.kind is not YEAR and column.unsigned
    return column.kind, column.metadata, sign, charset, column.labels, column.generated


@pytest.mark.parametrize("server", ["mysql", "mariadb"])
async def test_the_catalogue_and_the_log_describe_the_columns(
    request: pytest.FixtureRequest, server: str
) -> None:
    url: SourceUrl = request.getfixturevalue(f"{server}_url")
    kinds = kinds_of(server)

    async with table(url, "INT") as connection:
        ((database,),) = await connection.query("SELECT DATABASE()")
        start = await current_position(connection)
        with client_of(url, database) as client:
            client.run(definition(kinds))
            client.run("SET sql_mode = ''")
            client.run("INSERT INTO every SET id = 1, geo = POINT(1, 2)")
        (event,) = await rows_since(connection, start)
        catalogue = await catalogue_of(connection, "every")

    own = {column.name: column for column in catalogue.columns[1:]}
    logged = {column.name: column for column in event.shape.columns[1:]}
    assert {name: described(column) for name, column in own.items()} == {
        name: described(kind.column) for name, kind in kinds.items()
    }
    for name, column in own.items():
        shown = logged[name].explained_by(column)
        if shown.kind in column.kind.variants:
            assert "COMPRESSED" in kinds[name].declaration
        else:
            assert described(replace(shown, generated=column.generated)) == described(column)


@pytest.mark.parametrize("server", ["mysql", "mariadb"])
def test_both_roads_give_what_a_client_reads(request: pytest.FixtureRequest, server: str) -> None:
    url: SourceUrl = request.getfixturevalue(f"{server}_url")
    kinds = kinds_of(server)

    # Making an example smaller takes long, and a difference names its column anyway.
    @settings(
        max_examples=8,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(
        rows=rows_of(stored(kinds)),
        zero_dates=st.sampled_from(["string", "null"]),
        microseconds=st.sampled_from(["string", "truncate"]),
    )
    def holds(rows: Rows, zero_dates: Any, microseconds: Any) -> None:
        options = TypeOptions(zero_dates, microseconds)

        found, wanted = asyncio.run(both_roads(url, kinds, rows.rows, options))

        assert {way: differences(there, wanted) for way, there in found.items()} == {
            way: [] for way in found
        }
        assert all(there == wanted for there in found.values())

    holds()
