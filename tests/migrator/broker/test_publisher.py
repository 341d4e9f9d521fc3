"""Publishing: confirmed in order, sent again after whatever went wrong."""

import asyncio
from collections import deque
from functools import partial

import pytest
from structlog.testing import capture_logs

from migrator.broker.connection import BrokerConnection
from migrator.broker.consumer import Consumer
from migrator.broker.messages import Incoming, queue_name
from migrator.broker.publisher import Publisher, SendLimits
from migrator.broker.queues import delete, queue_depth
from migrator.errors import BrokerError
from migrator.model.batch import BatchId
from migrator.model.position import Position
from migrator.model.state import Landed
from tests.migrator.batches import batch
from tests.migrator.broker.queued import (
    drained,
    first_batches,
    first_deliveries,
    publishing,
    taken,
    until,
    without_repeats,
)
from tests.tcp_proxy import TcpProxy


async def test_batches_arrive_as_they_were_sent(broker_url: str, migration: str) -> None:
    sent = [batch(number) for number in range(1, 301)]

    async with publishing(broker_url, migration, 1) as publisher:
        for each in sent:
            publisher.put(each)
        await drained(publisher)

        assert (publisher.in_flight, publisher.reconnects) == (0, 0)

    async with Consumer.connect(broker_url, migration, 0, prefetch=400) as consumer:
        assert await first_batches(consumer, 300) == sent


async def test_each_partition_has_a_queue(broker_url: str, migration: str) -> None:
    async with publishing(broker_url, migration, 3) as publisher:
        for number in (1, 2, 3):
            publisher.put(batch(number, partition=2))
        publisher.put(batch(1, partition=0))
        await drained(publisher)

    assert await queue_depth(broker_url, migration, 3) == 4
    assert await taken(broker_url, migration, 3, partition=2) == [1, 2, 3]


async def test_a_large_batch_travels_in_fragments(broker_url: str, migration: str) -> None:
    large = batch(2, size=10_000)

    async with publishing(broker_url, migration, 1, SendLimits(fragment_bytes=1000)) as publisher:
        publisher.put(batch(1))
        publisher.put(large)
        publisher.put(batch(3))
        await drained(publisher)

    assert await queue_depth(broker_url, migration, 1) == 13
    async with Consumer.connect(broker_url, migration, 0) as consumer:
        deliveries = await first_deliveries(consumer, 3)
        assert [each.batch for each in deliveries] == [batch(1), large, batch(3)]
        await deliveries[-1].acknowledge()
    assert await queue_depth(broker_url, migration, 1) == 0


async def test_a_person_can_read_the_headers(broker_url: str, migration: str) -> None:
    async with publishing(broker_url, migration, 1) as publisher:
        publisher.put(batch(7))
        await drained(publisher)

    messages: deque[Incoming] = deque()
    link = await BrokerConnection.open(broker_url, "test")
    await link.consume(queue_name(migration, 0), 1, messages)
    await until(lambda: bool(messages))
    await link.close()
    assert messages[0].message_id == "0-1-7"
    assert messages[0].headers == {
        "v": 1,
        "rows": 1,
        "tables": "shop.orders put 1",
        "position": "binlog.000001:700",
        "oldest commit": "2023-11-14T22:13:20+00:00",
    }


async def test_a_full_buffer_says_so_and_takes_what_it_gets(
    broker_url: str, migration: str
) -> None:
    limits = SendLimits(buffer_batches=5)
    async with (
        TcpProxy(broker_url) as proxy,
        publishing(proxy.url, migration, 1, limits) as publisher,
    ):
        publisher.put(batch(1))
        await drained(publisher)
        proxy.freeze()
        for number in range(2, 8):
            publisher.put(batch(number))

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(publisher.room(), 0.2)

        assert (publisher.is_full, publisher.in_flight) == (True, 6)
        proxy.thaw()
        await publisher.room()
        assert not publisher.is_full
        await drained(publisher)

    assert await taken(broker_url, migration, 7) == [1, 2, 3, 4, 5, 6, 7]


async def test_no_more_is_sent_than_the_queues_should_hold(broker_url: str, migration: str) -> None:
    limits = SendLimits(backlog_bytes=2_500, in_flight=1)
    async with publishing(broker_url, migration, 1, limits) as publisher:
        for number in range(1, 11):
            publisher.put(batch(number, size=1_000))
        await until(lambda: publisher.is_blocked)
        await asyncio.sleep(0.2)

        assert publisher.in_flight == 7

        publisher.landed(Landed(0, BatchId(1, 2), Position()))
        await until(lambda: publisher.in_flight == 5)
        publisher.landed(Landed(0, BatchId(1, 5), Position()))
        await until(lambda: publisher.in_flight == 2)
        publisher.landed(Landed(0, BatchId(1, 8), Position()))
        await drained(publisher)

        assert not publisher.is_blocked
    assert await taken(broker_url, migration, 10) == list(range(1, 11))


async def test_a_cut_connection_costs_repeats_and_no_batch(broker_url: str, migration: str) -> None:
    async with TcpProxy(broker_url) as proxy, publishing(proxy.url, migration, 1) as publisher:
        with capture_logs() as logs:
            for number in range(1, 601):
                publisher.put(batch(number, size=5000))
                if number % 150 == 0:
                    await until(lambda: publisher.in_flight < 100)
                    proxy.cut()
            await drained(publisher)

        # A cut while the publisher was reconnecting counts once.
        assert 1 <= publisher.reconnects <= 4
        assert len(logs) == publisher.reconnects
        assert "guest" not in str(logs)

    assert without_repeats(await taken(broker_url, migration, 600)) == list(range(1, 601))


async def test_large_batches_survive_cuts_in_their_middle(broker_url: str, migration: str) -> None:
    async with (
        TcpProxy(broker_url) as proxy,
        publishing(proxy.url, migration, 1, SendLimits(fragment_bytes=20_000)) as publisher,
    ):
        for number in range(1, 31):
            publisher.put(batch(number, size=100_000))
            if number % 10 == 5:
                passed = proxy.passed_bytes
                await until(partial(has_passed, proxy, passed + 30_000))
                proxy.cut()
        await drained(publisher)
        assert publisher.reconnects > 0

    assert without_repeats(await taken(broker_url, migration, 30)) == list(range(1, 31))


def has_passed(proxy: TcpProxy, count: int) -> bool:
    return proxy.passed_bytes >= count


async def test_a_confirm_that_never_comes_ends_the_connection(
    broker_url: str, migration: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator.broker.publisher.CONFIRM_TIMEOUT_S", 0.5)
    monkeypatch.setattr("migrator.broker.publisher.WATCH_INTERVAL_S", 0.1)
    async with TcpProxy(broker_url) as proxy, publishing(proxy.url, migration, 1) as publisher:
        publisher.put(batch(1))
        await drained(publisher)
        proxy.freeze()
        with capture_logs() as logs:
            publisher.put(batch(2))
            await until(lambda: publisher.reconnects > 0)
            proxy.thaw()
            await drained(publisher)

    assert "RabbitMQ has confirmed nothing for 0.5 s" in logs[0]["event"]
    assert without_repeats(await taken(broker_url, migration, 2)) == [1, 2]


async def test_a_broker_that_is_not_there_is_waited_for(broker_url: str, migration: str) -> None:
    async with TcpProxy(broker_url) as proxy:
        proxy.refusing = True
        with capture_logs() as logs:
            async with publishing(proxy.url, migration, 1) as publisher:
                publisher.put(batch(1))
                await until(lambda: publisher.reconnects >= 3)
                proxy.refusing = False
                await drained(publisher)

    assert [log["log_level"] for log in logs] == ["warning"] * len(logs)
    assert await taken(broker_url, migration, 1) == [1]


async def test_a_batch_without_a_queue_is_returned_and_sent_again(
    broker_url: str, migration: str
) -> None:
    async with publishing(broker_url, migration, 1) as publisher:
        publisher.put(batch(1))
        await drained(publisher)
        link = await BrokerConnection.open(broker_url, "test")
        await link.delete_queue(queue_name(migration, 0))
        await link.close()

        with capture_logs() as logs:
            publisher.put(batch(2))
            await drained(publisher)

        assert publisher.in_flight == 0
    assert len(logs) == 1
    assert "returned a batch, because its queue does not exist" in logs[0]["event"]
    assert await taken(broker_url, migration, 1) == [2]  # The loader notices that 1 is missing.


async def test_a_deleted_exchange_is_made_again(broker_url: str, migration: str) -> None:
    async with publishing(broker_url, migration, 1) as publisher:
        publisher.put(batch(1))
        await drained(publisher)
        await delete(broker_url, migration)

        publisher.put(batch(2))
        await drained(publisher)

    assert await taken(broker_url, migration, 1) == [2]


async def test_a_wrong_password_ends_the_publisher(broker_url: str, migration: str) -> None:
    wrong = broker_url.replace("guest:guest", "guest:secret-word")
    publisher = Publisher(wrong, migration, 1, SendLimits())
    publisher.put(batch(1))

    with pytest.raises(BrokerError, match="refuses this migrator") as caught:
        await publisher.run()

    assert not caught.value.retryable
    assert "secret-word" not in str(caught.value)


async def test_a_slow_line_of_single_bytes_is_no_trouble(broker_url: str, migration: str) -> None:
    async with TcpProxy(broker_url) as proxy:
        proxy.chunk_bytes = 1
        async with publishing(proxy.url, migration, 1) as publisher:
            publisher.put(batch(1, size=2000))
            await drained(publisher)

    assert await taken(broker_url, migration, 1) == [1]
