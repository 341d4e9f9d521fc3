"""The servers freeze, fill up and lose connections, while the source is written to."""

import time
from contextlib import suppress

import pytest
from pymongo.errors import AutoReconnect, OperationFailure

from servers.rabbitmq import QUORUM_QUEUE_SETTLES_S
from tests.migrator.proof.conftest import MakeRoad
from tests.migrator.proof.harness import Road

BROKER_PATIENCE_S = 12
OUTAGE_S = 1.0


def settled(road: Road) -> Road:
    """A migration whose queues are on the broker's disk."""
    road.start()
    time.sleep(QUORUM_QUEUE_SETTLES_S)
    road.begin()
    return road


def test_the_broker_is_killed_comes_back_with_a_full_disk_and_restarts(
    make_road: MakeRoad,
) -> None:
    road = settled(make_road(seed=21))
    broker = road.servers.broker

    broker.kill()
    broker.is_full = True
    broker.start()
    time.sleep(3)
    broker.is_full = False
    broker.stop()
    broker.start()

    road.conclude(timeout_s=60)


def test_the_broker_is_frozen_longer_than_its_heartbeat(make_road: MakeRoad) -> None:
    road = settled(make_road(seed=22))

    road.servers.broker.pause()
    time.sleep(BROKER_PATIENCE_S)
    road.servers.broker.resume()

    road.conclude(timeout_s=60)


def test_the_broker_closes_all_connections(make_road: MakeRoad) -> None:
    road = make_road(seed=24)
    road.start()
    road.begin(1.5)

    closed = 0
    for _ in range(3):
        closed += road.servers.queues.close_connections()
        time.sleep(1)

    road.conclude()
    assert closed > 0


def test_a_queue_is_purged(make_road: MakeRoad) -> None:
    road = make_road(seed=25)
    road.start()
    road.begin()
    road.apply.kill()
    road.servers.queues.wait_for(road.queue, 10)

    road.servers.queues.purge(road.queue)
    road.apply.start()
    time.sleep(1)

    road.conclude()


def test_a_queue_is_deleted(make_road: MakeRoad) -> None:
    road = make_road(seed=26)
    road.start()
    road.begin()

    road.servers.queues.delete(road.queue)
    time.sleep(2)

    road.conclude()


def test_the_source_is_killed_and_its_log_rotates(make_road: MakeRoad) -> None:
    road = make_road(seed=27)
    road.start()
    road.source.rows("SET GLOBAL max_binlog_size = 4096")
    road.begin()

    for _ in range(2):
        road.servers.source.kill()
        time.sleep(OUTAGE_S / 2)
        road.servers.source.start()
        road.source.rows("SET GLOBAL max_binlog_size = 4096")
        for _ in range(10):
            road.source.rows("FLUSH BINARY LOGS")
        time.sleep(1)

    road.conclude()
    road.source.rows("SET GLOBAL max_binlog_size = DEFAULT")


@pytest.mark.parametrize("way", ["kill", "freeze", "step down"])
def test_the_target_fails(make_road: MakeRoad, way: str) -> None:
    road = make_road(seed=28)
    road.start()
    road.begin()
    target = road.servers.target

    if way == "kill":
        target.kill()
    elif way == "freeze":
        target.pause()
    else:
        step_down(road)
    time.sleep(OUTAGE_S)
    target.resume()
    target.start()
    time.sleep(0.5)

    road.conclude(timeout_s=60)


def step_down(road: Road) -> None:
    """The primary gives up its office for a second; the only member then takes it again."""
    # Its connections may be closed before it answers.
    with suppress(AutoReconnect, OperationFailure):
        road.client.admin.command("replSetStepDown", 1, force=True)
