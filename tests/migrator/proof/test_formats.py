"""The source's log in each of its forms, with both programs killed while it is followed."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.migrator.proof.conftest import MakeRoad
from tests.migrator.proof.harness import Road
from tests.migrator.proof.servers import Servers
from tests.migrator.proof.source import Source
from tests.migrator.proof.writer import Mix

GTID_MODES = ("ON", "ON_PERMISSIVE", "OFF_PERMISSIVE", "OFF")


def kill_both(road: Road) -> None:
    """Each program at a point of its own, and then go on."""
    for program, point in (road.capture, "after_publish:4"), (road.apply, "in_transaction:3"):
        program.die_at(point)
        time.sleep(0.3)


@pytest.mark.parametrize(
    "variables",
    [
        {"binlog_transaction_compression": "ON", "binlog_checksum": "NONE"},
        {"binlog_row_value_options": "PARTIAL_JSON"},
    ],
    ids=str,
)
def test_mysql_with(make_road: MakeRoad, servers: Servers, variables: dict[str, str]) -> None:
    with Source(servers.source.url, "").globally(**variables):
        road = make_road(seed=61)
        road.start()
        road.begin()

        kill_both(road)

        road.conclude()


def test_mariadb_with_compressed_events(
    make_road: MakeRoad, every_server: dict[str, Servers]
) -> None:
    servers = every_server["mariadb"]
    source = Source(servers.source.url, "")
    with source.globally(log_bin_compress=1, binlog_annotate_row_events=0):
        road = make_road(servers, seed=62)
        road.start()
        road.begin()

        kill_both(road)

        road.conclude()


@pytest.mark.parametrize(("image", "options"), [("MINIMAL", ""), ("NOBLOB", "PARTIAL_JSON")])
def test_mysql_with_parts_of_rows(
    make_road: MakeRoad, servers: Servers, image: str, options: str
) -> None:
    source = Source(servers.source.url, "")
    with source.globally(binlog_row_image=image, binlog_row_value_options=options):
        # Capture refuses parts of rows in a distributed transaction.
        road = make_road(seed=65, mix=Mix(distributed=0))
        road.start()
        # Without a reader: a row that is read again may be newer than its transaction.
        road.workload.start()
        time.sleep(1)

        kill_both(road)

        road.conclude()


def test_mysql_without_gtids(make_road: MakeRoad, servers: Servers) -> None:
    with without_gtids(Source(servers.source.url, "")):
        road = make_road(seed=63)
        road.start()
        road.begin()

        kill_both(road)
        road.source.rows("FLUSH BINARY LOGS")
        kill_both(road)

        road.conclude()


def test_several_partitions(make_road: MakeRoad) -> None:
    road = make_road(seed=64, settings={"MIGRATOR_PARTITIONS": "3"})
    road.start()
    # Without a reader: tables of different partitions move apart.
    road.workload.start()
    time.sleep(1)

    kill_both(road)

    road.conclude()


@contextmanager
def without_gtids(source: Source) -> Iterator[None]:
    """MySQL allows one step at a time."""
    try:
        for mode in GTID_MODES:
            source.rows(f"SET GLOBAL gtid_mode = {mode}")
        yield
    finally:
        for mode in reversed(GTID_MODES):
            source.rows(f"SET GLOBAL gtid_mode = {mode}")
