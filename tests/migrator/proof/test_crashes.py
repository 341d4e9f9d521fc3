"""Processes are killed and frozen where it hurts, while the source is written to."""

import time

import pytest

from tests.migrator.proof.conftest import MakeRoad
from tests.migrator.proof.servers import Servers
from tests.migrator.proof.writer import Mix

MASS_ROWS = 50_000
TAKEOVER_S = 40


@pytest.mark.parametrize("point", ["after_read", "after_publish", "after_confirm"])
def test_capture_is_killed(make_road: MakeRoad, point: str) -> None:
    road = make_road(seed=11)
    road.start()
    road.begin()

    for times in 1, 20:
        road.capture.die_at(f"{point}:{times}")
        time.sleep(0.3)

    road.conclude()


@pytest.mark.parametrize("point", ["in_transaction", "after_load"])
def test_apply_is_killed(make_road: MakeRoad, point: str) -> None:
    road = make_road(seed=12)
    road.start()
    road.begin()

    for times in 1, 9:
        road.apply.die_at(f"{point}:{times}")
        time.sleep(0.3)

    road.conclude()


def test_both_are_killed(make_road: MakeRoad) -> None:
    road = make_road(seed=13)
    road.start()
    road.begin()

    for pause_s in 0.1, 0.7:
        road.capture.kill()
        road.apply.kill()
        road.apply.start()
        road.capture.start()
        time.sleep(pause_s)

    road.conclude()


def test_a_transaction_of_50_000_rows_is_cut_by_kills(make_road: MakeRoad) -> None:
    mix = Mix(rate=20, mass_rows=MASS_ROWS, mass_every_s=0, ddl_every_s=0)
    road = make_road(seed=14, mix=mix)
    road.start()
    road.begin(0.2)

    for program, point in (
        (road.capture, "after_publish:25"),
        (road.apply, "in_transaction:2"),
        (road.capture, "after_confirm:25"),
        (road.apply, "after_load:2"),
    ):
        program.kill()
        program.start(pause_at=point)
        road.change_masses()
        program.wait_frozen()
        program.kill()
        program.start()

    road.conclude(timeout_s=80)


def test_a_frozen_apply_is_replaced_and_writes_nothing_when_it_wakes(make_road: MakeRoad) -> None:
    road = make_road(seed=15)
    road.start()
    road.begin(0.2)
    standby = road.program("apply", "standby")
    road.apply.kill()
    road.apply.start(pause_at="in_transaction:5")
    road.apply.wait_frozen()

    standby.start()
    try:
        before = road.standing().transactions
        road.wait_until(
            lambda: road.standing().transactions > before, "let the standby load", TAKEOVER_S
        )
        road.apply.thaw()
        time.sleep(1.5)
        road.conclude()
        assert standby.is_running(), standby.tail()
        standby_loads = road.standing().transactions > before
    finally:
        standby.kill()

    assert standby_loads


def test_the_copy_is_killed_at_its_chunks(make_road: MakeRoad) -> None:
    road = make_road(seed=16, rows=600, settings={"MIGRATOR_CHUNK_ROWS": "20"})
    road.workload.start()
    road.reader.start()
    road.capture.start(pause_at="after_publish:20")
    road.apply.start(pause_at="in_transaction:10")
    road.capture.wait_frozen()
    road.capture.kill()
    road.capture.start(pause_at="after_confirm:40")
    road.apply.wait_frozen()
    road.apply.kill()
    road.apply.start()
    road.capture.wait_frozen()
    road.capture.kill()

    road.capture.start()

    road.conclude()


def test_mariadb_is_followed_through_kills(
    make_road: MakeRoad, every_server: dict[str, Servers]
) -> None:
    road = make_road(every_server["mariadb"], seed=17)
    road.start()
    road.begin()

    for program, point in (
        (road.capture, "after_publish:5"),
        (road.apply, "in_transaction:3"),
        (road.capture, "after_read:7"),
        (road.apply, "after_load:3"),
    ):
        program.die_at(point)
        time.sleep(0.4)

    road.conclude()
