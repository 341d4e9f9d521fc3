"""A key of every type: one `_id` by both inputs, and literals that find its row."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import bson
import pytest

from migrator.model.document_key import document_key
from migrator.model.rows import Operation, RowGroup
from migrator.mysql.catalog.key_literals import between, literals, one_of
from migrator.mysql.catalog.tables import Table
from migrator.mysql.position.log import current_position
from migrator.mysql.wire.connection import Connection, SourceUrl
from tests.migrator.types.kinds import COMMON, OWN
from tests.migrator.types.samples import Sample
from tests.migrator.types.two_inputs import rows_since
from tests.migrator.types.two_inputs import table as own_table
from tests.migrator.types.whole_rows import catalogue_of, documents, groups_of, selected

CODEC: bson.CodecOptions[dict[str, object]] = bson.CodecOptions(tz_aware=True)


@dataclass(frozen=True, slots=True)
class Keyed:
    """A table of two rows, and what both inputs and its own literals gave of them."""

    copied: list[bytes]
    streamed: list[RowGroup]
    found: list[list[int]]


def keyed_by(server: str) -> dict[str, Sample]:
    return {f"k_{name}": one for name, one in (COMMON | OWN[server]).items() if one.keys}


EVERY = [(server, name) for server in OWN for name in keyed_by(server)]
NEVER_EQUAL = frozenset({"k_dbl"})
"""Floating-point numbers cannot be compared exactly: no table with such a key is migrated."""


async def tables_of(url: SourceUrl, server: str) -> dict[str, Keyed]:
    """All tables at once: most of the time goes by while the log is read."""
    samples = keyed_by(server)
    tables: dict[str, Table] = {}
    copied: dict[str, list[bytes]] = {}
    found: dict[str, list[list[int]]] = {}
    async with own_table(url, "INT") as connection:
        start = await current_position(connection)
        for name, sample in samples.items():
            await create(connection, name, sample)
            tables[name] = table = await catalogue_of(connection, name)
            copied[name] = documents(await selected(connection, table))
            if name not in NEVER_EQUAL:
                found[name] = await found_by_literals(connection, table, copied[name])
            await connection.query(f"DELETE FROM {name} ORDER BY b")
        events = await rows_since(connection, start)
    return {
        name: Keyed(
            copied[name],
            groups_of([one for one in events if one.shape.table.name == name], table),
            found.get(name, []),
        )
        for name, table in tables.items()
    }


async def create(connection: Connection, name: str, sample: Sample) -> None:
    declaration = sample.declaration.removesuffix(" NULL")
    columns = f"a {declaration} NOT NULL, b INT, v INT, PRIMARY KEY (b, a)"
    first, second = sample.keys
    await connection.query(f"CREATE TABLE {name} ({columns})")
    await connection.query(f"INSERT INTO {name} VALUES ({first}, 1, 1), ({second}, 2, 1)")


async def found_by_literals(
    connection: Connection, table: Table, rows: Sequence[bytes]
) -> list[list[int]]:
    """By each row's literals, `b` of the rows that the server finds, in two ways."""
    found = []
    for row in rows:
        keys = [literals(table.key_columns, bson.decode(row, CODEC)["_id"])]
        for condition in (one_of(table.key_columns, keys), between(table.key_columns, keys)):
            answer = await connection.query(f"SELECT b FROM {table.name.name} WHERE {condition}")
            found.append([number for (number,) in answer])
    return found


@pytest.fixture(scope="module")
def tables(request: pytest.FixtureRequest) -> Callable[[str], dict[str, Keyed]]:
    @cache
    def made(server: str) -> dict[str, Keyed]:
        return asyncio.run(tables_of(request.getfixturevalue(f"{server}_url"), server))

    return made


@pytest.mark.parametrize(("server", "name"), EVERY)
def test_a_key_of_every_type_is_one_key_by_both_inputs(
    tables: Callable[[str], dict[str, Keyed]], server: str, name: str
) -> None:
    table = tables(server)[name]

    keys = [document_key(row) for row in table.copied]
    assert len(set(keys)) == 2
    assert documents(table.streamed[:1]) == table.copied
    assert [run.operation for run in table.streamed] == [Operation.INSERT, Operation.DELETE]
    assert [document_key(row) for row in table.streamed[1].rows] == keys


@pytest.mark.parametrize(
    ("server", "name"), [(server, name) for server, name in EVERY if name not in NEVER_EQUAL]
)
def test_the_literals_of_a_key_find_its_row(
    tables: Callable[[str], dict[str, Keyed]], server: str, name: str
) -> None:
    assert tables(server)[name].found == [[1], [1], [2], [2]]
