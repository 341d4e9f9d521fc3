"""A server that does not tell capitals from small letters in names, as on Windows."""

import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from servers.mariadb import MariaDB
from servers.mysql import MySQL
from servers.process import exclusive, free_port
from tests.migrator.conftest import RoadFactory, roads_of
from tests.migrator.road import Source

FOLDING = "--lower-case-table-names=1"


class FoldingMySQL(MySQL):
    """MySQL must be made with it, too."""

    options: ClassVar[Sequence[str]] = (*MySQL.options, FOLDING)

    def _initialise(self, data: Path) -> None:
        self._run(data, "--initialize-insecure", FOLDING)


class FoldingMariaDB(MariaDB):
    options: ClassVar[Sequence[str]] = (*MariaDB.options, FOLDING)


@pytest.fixture(params=[FoldingMySQL, FoldingMariaDB])
def source(request: pytest.FixtureRequest) -> Iterator[Source]:
    """A database of a server of its own."""
    with tempfile.TemporaryDirectory(prefix="kooch-names-") as folder:
        server = request.param(Path(folder), port=free_port(0))
        with exclusive():
            server.ensure_installed()
        try:
            yield Source(server.start())
        finally:
            server.kill()


@pytest.fixture
async def make_road(source: Source, broker_url: str, target_url: str) -> AsyncIterator[RoadFactory]:
    async with roads_of(source, broker_url, target_url) as make:
        yield make


async def test_definitions_may_write_names_in_any_letters(
    source: Source, make_road: RoadFactory
) -> None:
    source.run(
        "CREATE TABLE Orders (id INT PRIMARY KEY, v INT)",
        "INSERT INTO Orders VALUES (1, 1), (2, 2)",
        "CREATE TABLE t2 (id INT PRIMARY KEY)",
        "INSERT INTO t2 VALUES (1)",
        "CREATE TABLE t3 (id INT PRIMARY KEY)",
        "INSERT INTO t3 VALUES (1)",
        "CREATE TABLE kept_out (id INT PRIMARY KEY)",
        "INSERT INTO kept_out VALUES (1)",
    )
    upper = source.database.upper()
    road = make_road(databases=(upper,), exclude=(f"{source.database}.Kept_*",))

    async with road.going():
        await road.settled()
        await source.change(
            "ALTER TABLE ORDERS ADD COLUMN c INT DEFAULT 5",
            "TRUNCATE TABLE T2",
            "RENAME TABLE T3 TO Other",
            f"INSERT INTO {upper}.ORDERS VALUES (3, 3, 3)",
            f"DROP TABLE IF EXISTS {upper}.NONE",
        )
        await road.settled()

    assert [(one["_id"], one["c"]) for one in road.documents("orders")] == [(1, 5), (2, 5), (3, 3)]
    assert road.documents("t2") == road.documents("t3") == road.documents("kept_out") == []
    assert road.documents("other") == [{"_id": 1, "id": 1}]
