"""While a commit hangs at the source, the log says what capture waits for."""

from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from migrator.errors import SourceUnavailable
from migrator.model.position import Position
from migrator.mysql.wire.connection import Flavour, ServerInfo
from migrator.snapshot.consistent_read import (
    EXECUTED_TRIES,
    HANGS,
    WAIT_S,
    consistent_read,
)

POSITION = Position(gtids="a:1-3", file="binlog.000001", offset=500)
MYSQL = ServerInfo(Flavour.MYSQL, "8.4.0", (8, 4, 0), "a", gtid_mode=True)
MARIADB = ServerInfo(Flavour.MARIADB, "10.11.6", (10, 11, 6), "1", gtid_mode=True)


class HungSource:
    """A source that shows a transaction only after `tries`, and the clock that this takes."""

    closed = False

    def __init__(self, server: ServerInfo, tries: int) -> None:
        self.server = server
        self.now_s = 0.0
        self._tries = tries

    async def query(self, sql: str, *_: Any) -> list[tuple[Any, ...]]:
        if "WAIT_FOR_EXECUTED_GTID_SET" in sql:
            self._tries -= 1
            self.now_s += WAIT_S
            return [(1 if self._tries else 0,)]
        if "SHOW STATUS" in sql:
            self._tries -= 1
            self.now_s += 1
            offset = "4" if self._tries else "500"
            return [
                ("binlog_snapshot_file", "binlog.000001"),
                ("binlog_snapshot_position", offset),
            ]
        return []

    async def read(self) -> None:
        connection: Any = self
        async with consistent_read(connection, POSITION):
            pass


def hung(patch: pytest.MonkeyPatch, server: ServerInfo, tries: int) -> HungSource:
    source = HungSource(server, tries)
    clock = SimpleNamespace(monotonic=lambda: source.now_s)
    patch.setattr("migrator.snapshot.consistent_read.time", clock)
    return source


async def warnings(source: HungSource) -> list[str]:
    with capture_logs() as logs:
        await source.read()
    assert {log["log_level"] for log in logs} <= {"warning"}
    return [log["event"].removeprefix(f"{HANGS} ") for log in logs]


async def test_a_hung_commit_is_reported_at_once_and_then_every_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = hung(monkeypatch, MYSQL, tries=15)

    assert await warnings(source) == [
        "Capture has waited for 10 s.",
        "Capture has waited for 70 s.",
        "Capture has waited for 130 s.",
    ]


async def test_mariadb_repeats_its_snapshot_in_silence_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await warnings(hung(monkeypatch, MARIADB, tries=9)) == []
    assert await warnings(hung(monkeypatch, MARIADB, tries=72)) == [
        "Capture has waited for 10 s.",
        "Capture has waited for 70 s.",
    ]


async def test_a_commit_that_hangs_for_an_hour_ends_the_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = hung(monkeypatch, MYSQL, tries=EXECUTED_TRIES + 1)

    with pytest.raises(SourceUnavailable, match="commit that hangs"):
        await source.read()

    assert source.now_s == 3_600
