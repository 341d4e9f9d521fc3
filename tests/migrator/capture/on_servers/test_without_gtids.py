"""MySQL without GTIDs: positions are files and offsets, and a brief lock stands in for a wait."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from servers.mysql import MySQL
from servers.process import free_port
from tests.migrator.road import Road, Source


class WithoutGtids(MySQL):
    """A private MySQL that numbers no transactions, with small binlog files."""

    options = ("--gtid-mode=OFF", "--mysqlx=OFF", "--max-binlog-size=16K")


@pytest.fixture
async def road(tmp_path: Path, broker_url: str, target_url: str) -> AsyncIterator[Road]:
    server = WithoutGtids(tmp_path, port=free_port(0))
    road = Road(Source(server.start()), broker_url, target_url, chunk_rows=50)
    yield road
    await road.remove()
    server.stop()


async def test_files_and_offsets_are_enough(road: Road) -> None:
    source = road.source
    source.run(
        "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(200))",
        "INSERT INTO t VALUES " + ", ".join(f"({n}, REPEAT('x', 100))" for n in range(500)),
    )

    for turn in range(3):
        async with road.going():
            for n in range(turn, 500, 20):
                await source.change(
                    f"UPDATE t SET v = '{turn}' WHERE id = {n}",
                    f"DELETE FROM t WHERE id = {n + 10}",
                    f"INSERT INTO t VALUES ({1_000 * (turn + 1) + n}, 'new')",
                )
            await road.settled()

    rows = source.rows(f"SELECT id, v FROM {source.database}.t ORDER BY id")
    assert [(one["id"], one["v"]) for one in road.documents("t")] == rows
    position = road.client[road.state].positions.find_one()
    assert position is not None
    assert position["position"]["gtids"] == ""
    assert position["position"]["file"] > "binlog.000005"
