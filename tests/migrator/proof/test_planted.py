"""Faults that no crash makes: a message is gone, two have changed places, a bit has flipped."""

import time

from tests.migrator.proof.conftest import MakeRoad
from tests.migrator.proof.harness import Road
from tests.migrator.proof.queues import Message

QUEUED = 12
EVERY = 1_000
END_TIMEOUT_S = 30


def fill_queue(road: Road) -> None:
    """Let messages wait that have not landed: apply is dead, and capture is frozen."""
    road.start()
    road.begin()
    road.apply.kill()
    road.servers.queues.wait_for(road.queue, QUEUED)
    road.capture.freeze()


def empty_queue(road: Road) -> list[Message]:
    """Take what waits. The first ones may have landed without having been acknowledged."""
    return road.servers.queues.take(road.queue, EVERY)


def test_a_dropped_message_is_noticed_and_sent_again(make_road: MakeRoad) -> None:
    road = make_road(seed=31)
    fill_queue(road)
    epoch = epoch_of(road)

    messages = empty_queue(road)
    lost = messages.pop(len(messages) // 2)
    road.servers.queues.put(road.queue, messages)
    road.capture.thaw()
    road.apply.start()
    time.sleep(1)

    road.conclude()
    assert epoch_of(road) > epoch, f"Nobody noticed that {lost.properties.message_id} is gone."


def test_a_dropped_message_is_noticed_on_a_quiet_source(make_road: MakeRoad) -> None:
    road = make_road(seed=32)
    fill_queue(road)
    epoch = epoch_of(road)
    road.workload.stop()

    messages = empty_queue(road)
    road.servers.queues.put(road.queue, messages[: len(messages) // 2])
    road.capture.thaw()
    road.apply.start()

    road.conclude()
    assert epoch_of(road) > epoch


def test_swapped_messages_are_noticed(make_road: MakeRoad) -> None:
    road = make_road(seed=33)
    fill_queue(road)
    epoch = epoch_of(road)

    *others, one, two = empty_queue(road)
    road.servers.queues.put(road.queue, (*others, two, one))
    road.capture.thaw()
    road.apply.start()
    time.sleep(1)

    road.conclude()
    assert epoch_of(road) > epoch


def test_a_repeated_message_changes_nothing(make_road: MakeRoad) -> None:
    road = make_road(seed=34)
    fill_queue(road)

    messages = empty_queue(road)
    road.servers.queues.put(road.queue, (*messages[:3], *messages[:6], *messages[3:]))
    road.capture.thaw()
    road.apply.start()

    road.conclude()


def test_a_flipped_position_is_refused_by_both(make_road: MakeRoad) -> None:
    road = make_road(seed=35)
    road.start()
    road.begin(0.3)
    road.workload.stop()
    road.catch_up()
    road.capture.kill()
    road.apply.kill()

    # One digit of the newest transaction's number: what lies between would be lost.
    position = road.client["_migrator"].positions.find_one({"_id": 0})
    assert position is not None
    gtids = position["position"]["gtids"]
    flipped = gtids[:-1] + str((int(gtids[-1]) + 1) % 10)
    road.client["_migrator"].positions.update_one({"_id": 0}, {"$set": {"position.gtids": flipped}})
    road.workload.start()
    time.sleep(0.5)
    road.capture.start()
    road.apply.start()

    assert road.capture.wait(END_TIMEOUT_S) == 1
    assert "position of partition 0" in road.capture.tail()
    # Nothing is sent, so apply may wait for ever; it has written nothing.
    after = road.client["_migrator"].positions.find_one({"_id": 0})
    assert after is not None
    assert after["transactions"] == position["transactions"]


def test_a_removed_position_is_noticed(make_road: MakeRoad) -> None:
    road = make_road(seed=36)
    road.start()
    road.begin(0.3)

    road.client["_migrator"].positions.delete_one({"_id": 0})

    assert road.apply.wait(END_TIMEOUT_S) == 1
    assert "somebody removed it" in road.apply.tail()


def epoch_of(road: Road) -> int:
    """How often capture has begun anew."""
    return int(road.standing().positions[0]["epoch"])
