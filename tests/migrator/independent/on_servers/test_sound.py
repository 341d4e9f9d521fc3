"""What the pipeline carries over soundly is equal, whatever its types, keys and settings."""

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from migrator.mysql.wire.connection import SourceUrl
from tests.migrator.conftest import RoadFactory
from tests.migrator.independent.on_servers.scene import equal_rows, verified
from tests.migrator.proof import schema
from tests.migrator.road import Road, Source
from tests.migrator.types.kinds import COMMON, OWN
from tests.migrator.types.on_servers import test_values as zoo

ROWS = 60
ALL_MODES = "SET sql_mode = 'ALLOW_INVALID_DATES'"


def rows_of(kinds: Any) -> list[zoo.Row]:
    """Rows of every type, the same at each call."""
    rows: list[zoo.Row] = []

    @settings(max_examples=ROWS // 2, deadline=None, database=None, derandomize=True,
              suppress_health_check=list(HealthCheck), phases=[Phase.generate])  # fmt: skip
    @given(some=zoo.rows_of(zoo.stored(kinds)))
    def collect(some: zoo.Rows) -> None:
        rows.extend(some.rows)

    collect()
    return rows[:ROWS]


def insert(source: Source, kinds: Any, rows: list[zoo.Row], first: int) -> None:
    with zoo.client_of(SourceUrl.parse(source.url), source.database) as client:
        for number, row in enumerate(rows, first):
            columns = ", ".join(f"`{name}` = {kinds[name].write}" for name in row)
            client.run(f"INSERT INTO every SET id = {number}, {columns}", list(row.values()))


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize(
    "options", [{}, {"zero_dates": "null", "microseconds": "string"}], ids=["defaults", "others"]
)
async def test_every_type_is_equal_copied_and_streamed(
    source: Source, make_road: RoadFactory, options: dict[str, Any]
) -> None:
    road = make_road(**options)
    kinds = zoo.kinds_of("mariadb" if source.is_mariadb else "mysql")
    rows = rows_of(kinds)
    source.run(zoo.definition(kinds))
    insert(source, kinds, rows[::2], 0)

    async with road.going():
        await road.settled()
        insert(source, kinds, rows[1::2], 100)
        await road.settled()

    assert equal_rows(await verified(road)) == {"every": len(rows)}


@pytest.mark.usefixtures("small_pages")
async def test_the_schema_of_the_proof_is_equal(source: Source, road: Road) -> None:
    tables = schema.tables(mariadb=source.is_mariadb)
    random = Random(12)
    with source.connect(source.database) as client:
        for table in tables:
            source.run(table.statement())
            for _ in range(ROWS):
                schema.put(client, table, table.row(random), "REPLACE")

    await road.copy()

    counted = {
        table.name: source.rows(f"SELECT COUNT(*) FROM {source.database}.{table.name}")[0][0]
        for table in tables
    }
    assert equal_rows(await verified(road)) == counted


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("key", ["a", "b, a"])
async def test_keys_of_every_type_are_found_from_both_sides(
    source: Source, road: Road, key: str
) -> None:
    kinds = COMMON | OWN["mariadb" if source.is_mariadb else "mysql"]
    keys = {f"k_{name}": kind for name, kind in kinds.items() if kind.keys and name != "dbl"}
    for name, kind in keys.items():
        declaration = kind.declaration.removesuffix(" NULL")
        first, second = kind.keys
        source.run(
            ALL_MODES,
            f"CREATE TABLE {name} (a {declaration} NOT NULL, b INT, PRIMARY KEY ({key}))",
            f"INSERT INTO {name} VALUES ({first}, 1), ({second}, 1)",
        )

    await road.copy()

    findings = await verified(road)
    assert equal_rows(findings) == dict.fromkeys(keys, 2)
    assert sum(one.looked_again for one in findings.tables) == 0
