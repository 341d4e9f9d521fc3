"""`verify` from the command line to the servers and back."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from servers.process import CHECKOUT
from tests.migrator.conftest import RoadFactory
from tests.migrator.road import Road, Source

TABLES = (
    "CREATE TABLE t (id INT PRIMARY KEY, v INT, note VARCHAR(20))",
    "INSERT INTO t VALUES " + ", ".join(f"({n}, {n}, 'x')" for n in range(500)),
    "CREATE TABLE u (a INT, b VARCHAR(5), PRIMARY KEY (a, b))",
    "INSERT INTO u VALUES (1, 'a'), (1, 'b')",
)
TIMEOUT_S = 60


def command(road: Road, *options: str) -> "subprocess.Popen[str]":
    settings = {
        name: value for name, value in os.environ.items() if not name.startswith("MIGRATOR_")
    } | road.settings.environment()
    return subprocess.Popen(
        [sys.executable, "-m", "migrator", "verify", *options],
        env=settings | {"COLUMNS": "150"},
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def verified(road: Road, *options: str) -> tuple[int, list[str]]:
    """The status of `verify`, and the lines that it printed."""
    process = command(road, *options)
    said, errors = await asyncio.to_thread(process.communicate, timeout=TIMEOUT_S)
    print(errors)
    return process.returncode, [" ".join(line.split()) for line in said.splitlines()]


def damage(road: Road) -> None:
    database = road.client[road.source.database]
    database.t.update_one({"_id": 7}, {"$set": {"v": 7.0}})
    database.t.delete_one({"_id": 8})
    database.u.insert_one({"_id": {"a": 2, "b": "z"}})


@pytest.fixture
async def damaged(mysql: Source, make_mysql_road: RoadFactory) -> Road:
    """A migration whose target somebody has changed."""
    road = make_mysql_road()
    mysql.run(*TABLES)
    await road.copy()
    damage(road)
    return road


async def test_what_is_equal_is_status_0_while_a_run_follows_and_others_write(
    source: Source, road: Road
) -> None:
    source.run(*TABLES)
    async with road.going():
        await road.settled()
        verification = asyncio.create_task(verified(road))
        for number in range(200):
            await source.change(f"UPDATE t SET v = v + 1 WHERE id % 7 = {number % 7}")
            if verification.done():
                break
        status, said = await verification

    name = source.database
    assert status == 0
    assert said[0] == "table compared equal different missing extra looked at again repaired"
    assert said[1].startswith(f"{name}.t 500 500 0 0 0 ")
    assert said[2] == f"{name}.u 2 2 0 0 0 0 0"
    assert said[-1].startswith("EQUAL: all 502 rows of 2 tables were compared, and each is equal")


async def test_where_nothing_runs_it_works_alone_and_finds_what_differs(
    damaged: Road, tmp_path: Path
) -> None:
    name = damaged.source.database

    status, said = await verified(damaged, "--json", str(tmp_path / "found.json"))

    assert status == 3
    assert said[1:] == [
        f"{name}.t 500 498 1 1 0 0 0",
        f"{name}.u 2 2 0 0 1 0 0",
        "all 502 500 1 1 1 0 0",
        f"{name}.t 7: different",
        "v: int32 7 in the source, double 7.0 in the target",
        f"{name}.t 8: missing",
        f"{name}.u {{a: 2, b: 'z'}}: extra",
        said[-1],
    ]
    assert said[-1].startswith(
        "NOT EQUAL: 3 differences, 0 rows in the dead letters, 0 of 2 tables not wholly compared;"
    )
    written = json.loads((tmp_path / "found.json").read_text())
    assert written["equal"] is False
    assert [(one["kind"], one["repaired"]) for one in written["differences"]] == [
        ("different", False),
        ("missing", False),
        ("extra", False),
    ]
    # It has ended the halves that it started.
    assert damaged.client[damaged.state].processes.count_documents({}) == 0
    assert damaged.client[damaged.state].differences.count_documents({}) == 3


async def test_what_is_repaired_is_equal_afterwards(damaged: Road) -> None:
    status, said = await verified(damaged, "--repair", "--hide-values")

    assert status == 0
    assert said[1] == f"{damaged.source.database}.t 500 500 1 1 0 2 2"
    assert f"{damaged.source.database}.t 7: different, repaired: v" in said
    assert said[-1].endswith(" 3 of them were repaired.")
    status, said = await verified(damaged)
    assert status == 0
    assert said[-1].startswith("EQUAL: all 502 rows of 2 tables were compared")
    rows: list[dict[str, Any]] = damaged.documents("t")
    assert [row["v"] for row in rows] == list(range(500))
    assert len(damaged.documents("u")) == 2


async def test_only_what_is_named_is_compared(damaged: Road) -> None:
    status, said = await verified(damaged, "--table", f"{damaged.source.database}.u")

    assert status == 3
    assert said[1] == f"{damaged.source.database}.u 2 2 0 0 1 0 0"
    assert len(said) == 4


async def test_rows_in_the_dead_letters_are_named_and_not_equal(
    mysql: Source, make_mysql_road: RoadFactory
) -> None:
    road = make_mysql_road(zero_dates="refuse")
    mysql.run(
        "SET sql_mode = ''",
        "CREATE TABLE d (id INT PRIMARY KEY, at DATE)",
        "INSERT INTO d VALUES (1, '2026-11-28'), (2, '0000-00-00')",
    )
    await road.copy()

    status, said = await verified(road)

    assert status == 3
    assert f"1 rows of {mysql.database}.d have no document: see {road.state}.dead_letters." in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
async def test_when_it_was_stopped_or_killed_the_same_command_goes_on_where_it_was(
    mysql: Source, make_mysql_road: RoadFactory, number: signal.Signals
) -> None:
    road = make_mysql_road(chunk_rows=50)
    mysql.run(*TABLES)
    await road.copy()
    verifications = road.client[road.state].verifications
    first = command(road, "--rows-per-second", "100")
    begun = {"table": "t", "compared": {"$gt": 0, "$lt": 500}}
    deadline = time.monotonic() + TIMEOUT_S
    while verifications.find_one(begun) is None:
        assert first.poll() is None
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    first.send_signal(number)
    said, errors = await asyncio.to_thread(first.communicate, timeout=TIMEOUT_S)

    request = verifications.find_one({"_id": "request"})
    assert request is not None
    if number is signal.SIGINT:
        assert (first.returncode, said) == (130, "")
        assert errors.splitlines()[-1] == "Stopped. The same command goes on where this one was."
        assert request["withdrawn"]
    else:
        # What the halves reported last would count for some seconds.
        road.client[road.state].processes.delete_many({})
    assert verifications.find_one(begun) is not None

    status, lines = await verified(road)

    assert status == 0
    assert lines[1] == f"{mysql.database}.t 500 500 0 0 0 0 0"
    again = verifications.find_one({"_id": "request"})
    assert again is not None
    assert again["id"] == request["id"]
