"""The source forgets what is needed: the migration stops, and says what is missing."""

import time

from tests.migrator.proof.conftest import MakeRoad
from tests.migrator.proof.harness import Road
from tests.migrator.proof.servers import Servers
from tests.migrator.proof.source import Source

END_TIMEOUT_S = 30
FIRST_BINLOG_TIMEOUT_S = 10


def fall_behind(road: Road) -> str:
    """Let the source be written to while capture is dead; the binlog that it will miss."""
    road.start()
    road.capture.kill()
    (name,) = {file for file, *_ in road.source.rows("SHOW BINARY LOG STATUS")}
    road.workload.start()
    time.sleep(0.7)
    road.workload.stop()
    return str(name)


def test_a_purged_binlog_is_named(make_road: MakeRoad) -> None:
    road = make_road(seed=41)
    fall_behind(road)
    landed = road.standing()
    missing = road.source.value("SELECT @@gtid_executed")
    road.source.rows("FLUSH BINARY LOGS")
    (newest,) = road.source.rows("SHOW BINARY LOG STATUS")
    road.source.rows(f"PURGE BINARY LOGS TO '{newest[0]}'")

    road.capture.start()

    assert road.capture.wait(END_TIMEOUT_S) == 1
    assert "purged" in road.capture.tail()
    lost = road.source.value("SELECT GTID_SUBTRACT(%s, %s)", missing, landed.gtids[0])
    assert str(lost).replace("\n", "") in road.capture.tail().replace("\n", "")
    assert road.standing().gtids == landed.gtids


def test_a_reset_source_is_refused(make_road: MakeRoad) -> None:
    road = make_road(seed=42)
    road.start()
    road.begin(0.5)
    road.workload.stop()
    road.catch_up()
    road.capture.kill()
    landed = road.standing()
    road.source.rows("RESET BINARY LOGS AND GTIDS")
    road.source.execute("INSERT INTO scratch (note) VALUES ('after the reset')")

    road.capture.start()

    assert road.capture.wait(END_TIMEOUT_S) == 1
    assert road.standing().gtids == landed.gtids


def test_a_source_that_is_reset_while_it_is_followed_is_refused(make_road: MakeRoad) -> None:
    road = make_road(seed=43)
    road.start()
    road.begin(0.5)
    road.workload.stop()
    # In the very first file, mysqld itself does not notice; see the test below.
    road.source.rows("FLUSH BINARY LOGS")
    road.catch_up()
    landed = road.standing()
    road.source.rows("RESET BINARY LOGS AND GTIDS")
    road.source.execute("INSERT INTO scratch (note) VALUES ('after the reset')")

    assert road.capture.wait(END_TIMEOUT_S) == 1
    assert road.standing().gtids == landed.gtids


def test_a_source_that_is_reset_in_its_first_binlog_is_refused(
    make_road: MakeRoad, servers: Servers
) -> None:
    Source(servers.source.url, "").rows("RESET BINARY LOGS AND GTIDS")
    road = make_road(seed=44)
    road.start()
    road.source.rows("RESET BINARY LOGS AND GTIDS")
    road.source.execute("INSERT INTO scratch (note) VALUES ('after the reset')")

    assert road.capture.wait(FIRST_BINLOG_TIMEOUT_S) == 1
