"""Consuming: in order, one consumer at a time, and a loss is reported, never hidden."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from migrator.broker.connection import BrokerConnection
from migrator.broker.consumer import Acknowledger, Consumer, Delivery, Joiner
from migrator.broker.messages import Incoming, Outgoing, queue_name
from migrator.broker.queues import queue_depth
from migrator.errors import BrokerError, BrokerUnavailable
from migrator.model.batch import Batch
from tests.migrator.batches import batch
from tests.migrator.broker.queued import drained, first_batches, first_deliveries, publishing, taken
from tests.tcp_proxy import TcpProxy


async def publish(url: str, name: str, numbers: range, size: int = 100) -> None:
    """Put batches into partition 0."""
    async with publishing(url, name, 1) as publisher:
        for number in numbers:
            publisher.put(batch(number, size=size))
        await drained(publisher)


def sequences(batches: list[Batch]) -> list[int]:
    return [each.id.sequence for each in batches]


async def next_of(arriving: AsyncIterator[list[Delivery]]) -> list[Delivery]:
    """The next deliveries, or a TimeoutError."""
    return await asyncio.wait_for(anext(arriving), 10)


async def test_at_most_the_prefetch_is_held(broker_url: str, migration: str) -> None:
    await publish(broker_url, migration, range(1, 21))

    async with Consumer.connect(broker_url, migration, 0, prefetch=5) as consumer:
        arriving = consumer.deliveries()
        held = [delivery.batch for delivery in await next_of(arriving)]
        while len(held) < 5:
            held += [delivery.batch for delivery in await next_of(arriving)]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(arriving), 0.2)

    assert sequences(held) == [1, 2, 3, 4, 5]


async def test_what_is_not_acknowledged_comes_again_in_order(
    broker_url: str, migration: str
) -> None:
    await publish(broker_url, migration, range(1, 11))
    async with Consumer.connect(broker_url, migration, 0) as first:
        deliveries = await first_deliveries(first, 10)
        await deliveries[2].acknowledge()
        await deliveries[3].acknowledge()

    async with Consumer.connect(broker_url, migration, 0) as second:
        again = sequences(await first_batches(second, 6))

    assert again == [5, 6, 7, 8, 9, 10]


async def test_the_next_consumer_takes_over_when_the_first_has_gone(
    broker_url: str, migration: str
) -> None:
    async with (
        TcpProxy(broker_url) as proxy,
        Consumer.connect(proxy.url, migration, 0) as first,
        Consumer.connect(broker_url, migration, 0) as second,
        publishing(broker_url, migration, 1) as publisher,
    ):
        publisher.put(batch(1))
        assert sequences(await first_batches(first, 1)) == [1]
        waiting = asyncio.create_task(first_batches(second, 2))
        publisher.put(batch(2))
        await asyncio.sleep(0.2)
        assert not waiting.done()

        proxy.cut()

        assert sequences(await asyncio.wait_for(waiting, 10)) == [1, 2]


async def test_a_cut_connection_ends_the_consumer(broker_url: str, migration: str) -> None:
    await publish(broker_url, migration, range(1, 4))

    async with TcpProxy(broker_url) as proxy, Consumer.connect(proxy.url, migration, 0) as consumer:
        deliveries = await first_deliveries(consumer, 3)
        proxy.cut()

        with pytest.raises(BrokerUnavailable):
            await next_of(consumer.deliveries())
        with pytest.raises(BrokerUnavailable):
            await deliveries[-1].acknowledge()

    assert await taken(broker_url, migration, 3) == [1, 2, 3]


async def test_a_silent_connection_ends_the_consumer(broker_url: str, migration: str) -> None:
    async with (
        TcpProxy(broker_url) as proxy,
        Consumer.connect(f"{proxy.url}?heartbeat=1", migration, 0) as consumer,
    ):
        proxy.freeze()

        with pytest.raises(BrokerUnavailable, match="no longer answers"):
            await asyncio.wait_for(anext(consumer.deliveries()), 12)


async def test_a_deleted_queue_ends_the_consumer(broker_url: str, migration: str) -> None:
    async with Consumer.connect(broker_url, migration, 0) as consumer:
        waiting = asyncio.create_task(first_batches(consumer, 1))
        link = await BrokerConnection.open(broker_url, "test")
        await link.delete_queue(queue_name(migration, 0))
        await link.close()

        with pytest.raises(BrokerUnavailable, match="the queue was deleted"):
            await asyncio.wait_for(waiting, 5)


async def test_a_cancelled_consumer_stays_cancelled(broker_url: str, migration: str) -> None:
    async with Consumer.connect(broker_url, migration, 0) as consumer:
        waiting = asyncio.create_task(first_batches(consumer, 1))
        await asyncio.sleep(0.1)

        waiting.cancel()
        await asyncio.wait({waiting})

        assert waiting.cancelled()


async def test_a_foreign_message_is_refused(broker_url: str, migration: str) -> None:
    async with Consumer.connect(broker_url, migration, 0) as consumer:
        await send_raw(broker_url, migration, Outgoing(0, "foreign", {}, b'{"hello": "world"}'))

        with pytest.raises(BrokerError, match="is not a batch of this migrator"):
            await next_of(consumer.deliveries())

    assert await queue_depth(broker_url, migration, 1) == 1  # A person decides what becomes of it.


async def test_fragments_without_their_end_are_dropped(broker_url: str, migration: str) -> None:
    lost = {"fragment": 1, "fragments": 2}
    await publish(broker_url, migration, range(1, 2))
    await send_raw(broker_url, migration, Outgoing(0, "0-1-9/1", dict(lost), b"half"))
    await publish(broker_url, migration, range(2, 3))

    with capture_logs() as logs:
        numbers = await taken(broker_url, migration, 2)

    assert numbers == [1, 2]
    assert len(logs) == 1
    assert await queue_depth(broker_url, migration, 1) == 0


async def test_fragments_that_are_dropped_acknowledge_no_batch_before_them(
    broker_url: str, migration: str
) -> None:
    lost = {"fragment": 1, "fragments": 2}
    await publish(broker_url, migration, range(1, 2))
    await send_raw(broker_url, migration, Outgoing(0, "0-1-9/1", dict(lost), b"half"))
    await publish(broker_url, migration, range(2, 3))

    async with Consumer.connect(broker_url, migration, 0) as consumer:
        assert sequences(await first_batches(consumer, 2)) == [1, 2]

    assert await taken(broker_url, migration, 2) == [1, 2]


async def send_raw(url: str, name: str, message: Outgoing) -> None:
    """Publish any message, confirmed."""
    stored = asyncio.Event()
    link = await BrokerConnection.open(url, "test")
    await link.declare(name, [message.partition])
    await link.publish(name, message, stored.set)
    await asyncio.wait_for(stored.wait(), 5)
    await link.close()


class Acknowledged(BrokerConnection):
    """A connection that only remembers what was acknowledged."""

    def __init__(self) -> None:
        self.tags: list[int] = []

    async def acknowledge(self, tag: int) -> None:
        self.tags.append(tag)


async def test_dropped_fragments_are_acknowledged_with_the_batch_before_them() -> None:
    connection = Acknowledged()
    acknowledger = Acknowledger(connection)

    await acknowledger.drop(1)
    acknowledger.delivered(2)
    acknowledger.delivered(3)
    await acknowledger.drop(5)
    await acknowledger.acknowledge(2)
    await acknowledger.acknowledge(3)
    await acknowledger.drop(6)

    assert connection.tags == [1, 2, 5, 6]


def fragments_of(name: str, total: int) -> list[tuple[str, int, int]]:
    return [(name, number, total) for number in range(1, total + 1)]


def joined(sent: list[tuple[str, int, int]]) -> list[str]:
    """The names of the batches that a joiner gives for these fragments, each whole."""
    joiner, whole, dropped_up_to = Joiner(), [], 0
    for tag, (name, number, total) in enumerate(sent, 1):
        headers = {"fragment": number, "fragments": total}
        body, dropped = joiner.join(Incoming(tag, f"{name}/{number}", headers, b"%d" % number))
        assert dropped == 0 or dropped_up_to < dropped <= tag
        dropped_up_to = max(dropped, dropped_up_to)
        if body is not None:
            assert body == b"".join(b"%d" % each for each in range(1, total + 1))
            whole.append(name)
    return whole


@given(st.data())
def test_after_connections_that_broke_every_batch_is_whole(data: st.DataObject) -> None:
    """Each connection sends from a batch's beginning on, not after what is not stored yet."""
    totals = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=6))
    road = [fragments_of(f"0-1-{index}", total) for index, total in enumerate(totals)]
    sent: list[tuple[str, int, int]] = []
    stored = 0
    for _ in range(data.draw(st.integers(0, 4))):
        start = data.draw(st.integers(0, stored))
        rest = [fragment for fragments in road[start:] for fragment in fragments]
        sent += rest[: data.draw(st.integers(0, len(rest)))]
        stored = max(stored, sum(set(fragments) <= set(sent) for fragments in road[:-1]))
    sent += [fragment for fragments in road[stored:] for fragment in fragments]

    names = joined(sent)

    first_seen = list(dict.fromkeys(names))
    assert first_seen == [fragments[0][0] for fragments in road]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3), st.just(3)), max_size=30))
def test_no_disorder_of_fragments_makes_a_batch_of_parts_of_others(
    sent: list[tuple[str, int, int]],
) -> None:
    for index, name in enumerate(joined(sent)):
        assert index < len(sent)
        assert name in "abc"


@pytest.mark.parametrize(
    "headers",
    [
        {"fragment": 0, "fragments": 2},
        {"fragment": 3, "fragments": 2},
        {"fragment": "1", "fragments": 2},
        {"fragment": 2},
    ],
)
def test_headers_that_make_no_sense_are_refused(headers: dict[str, object]) -> None:
    with pytest.raises(BrokerError, match="says that it is fragment"):
        Joiner().join(Incoming(1, "0-1-1", headers, b""))
