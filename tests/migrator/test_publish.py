"""Publishing: confirmed in order, sent again after whatever went wrong."""

import asyncio
from functools import partial

import pytest
from structlog.testing import capture_logs

from migrator.broker.connection import Link
from migrator.broker.consumer import Consumer
from migrator.broker.messages import Incoming, queue_name
from migrator.broker.publisher import Publisher
from migrator.broker.queues import delete, purge_all, queue_depth
from migrator.errors import BrokerError
from migrator.model.batch import BatchId
from tests.migrator.batches import batch
from tests.migrator.broker_road import first_batches, taken, until, without_repeats
from tests.tcp_proxy import TcpProxy


async def test_batches_arrive_as_they_were_sent(broker_url: str, migration: str) -> None:
    sent = [batch(number) for number in range(1, 301)]

    async with Publisher(broker_url, migration, 1) as publisher:
        for each in sent:
            await publisher.send(each)
        await publisher.drain()

        assert publisher.confirmed(0) == BatchId(1, 300)
        assert (publisher.in_flight_messages, publisher.in_flight_bytes) == (0, 0)
        assert (publisher.published_batches, publisher.published_rows) == (300, 300)
        assert publisher.reconnects == 0

    async with Consumer(broker_url, migration, 0, prefetch=400) as consumer:
        assert await first_batches(consumer, 300) == sent


async def test_each_partition_has_a_queue_and_a_stamp(broker_url: str, migration: str) -> None:
    async with Publisher(broker_url, migration, 3) as publisher:
        for number in (1, 2, 3):
            await publisher.send(batch(number, partition=2))
        await publisher.send(batch(1, partition=0))
        await publisher.drain()

        confirmed = [publisher.confirmed(partition) for partition in range(3)]

    assert confirmed == [BatchId(1, 1), None, BatchId(1, 3)]
    assert await queue_depth(broker_url, migration, 3) == 4
    assert await taken(broker_url, migration, 3, partition=2) == [1, 2, 3]


async def test_a_large_batch_travels_in_fragments(broker_url: str, migration: str) -> None:
    large = batch(2, size=10_000)

    async with Publisher(broker_url, migration, 1, fragment_bytes=1000) as publisher:
        await publisher.send(batch(1))
        await publisher.send(large)
        await publisher.send(batch(3))
        await publisher.drain()

    assert await queue_depth(broker_url, migration, 1) == 13
    async with Consumer(broker_url, migration, 0) as consumer:
        assert await first_batches(consumer, 3) == [batch(1), large, batch(3)]
        assert consumer.unsettled == 3
        await consumer.settle(3)
    assert await queue_depth(broker_url, migration, 1) == 0


async def test_a_person_can_read_the_headers(broker_url: str, migration: str) -> None:
    async with Publisher(broker_url, migration, 1) as publisher:
        await publisher.send(batch(7))
        await publisher.drain()

    messages: list[Incoming] = []
    link = await Link.open(broker_url, "test")
    await link.consume(queue_name(migration, 0), 1, messages.append)
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


async def test_the_window_bounds_what_is_under_way(broker_url: str, migration: str) -> None:
    async with (
        TcpProxy(broker_url) as proxy,
        Publisher(proxy.url, migration, 1, window_messages=5) as publisher,
    ):
        await publisher.send(batch(1))
        await publisher.drain()
        proxy.freeze()
        for number in range(2, 7):
            await publisher.send(batch(number))

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(publisher.send(batch(7)), 0.2)

        assert publisher.in_flight_messages == 5
        proxy.thaw()
        await publisher.send(batch(7))
        await publisher.drain()

    assert await taken(broker_url, migration, 7) == [1, 2, 3, 4, 5, 6, 7]


async def test_a_cut_connection_costs_repeats_and_no_batch(broker_url: str, migration: str) -> None:
    async with TcpProxy(broker_url) as proxy, Publisher(proxy.url, migration, 1) as publisher:
        with capture_logs() as logs:
            for number in range(1, 601):
                await publisher.send(batch(number, size=5000))
                if number % 150 == 0:
                    proxy.cut()
            await publisher.drain()

        assert publisher.confirmed(0) == BatchId(1, 600)
        # A cut while the publisher was reconnecting counts once.
        assert 1 <= publisher.reconnects <= 4
        assert len(logs) == publisher.reconnects
        assert "guest" not in str(logs)

    assert without_repeats(await taken(broker_url, migration, 600)) == list(range(1, 601))


async def test_large_batches_survive_cuts_in_their_middle(broker_url: str, migration: str) -> None:
    async with (
        TcpProxy(broker_url) as proxy,
        Publisher(proxy.url, migration, 1, fragment_bytes=20_000) as publisher,
    ):
        for number in range(1, 31):
            await publisher.send(batch(number, size=100_000))
            if number % 10 == 5:
                passed = proxy.passed_bytes
                await until(partial(has_passed, proxy, passed + 30_000))
                proxy.cut()
        await publisher.drain()
        assert publisher.reconnects > 0

    assert without_repeats(await taken(broker_url, migration, 30)) == list(range(1, 31))


def has_passed(proxy: TcpProxy, count: int) -> bool:
    return proxy.passed_bytes >= count


async def test_a_confirm_that_never_comes_ends_the_connection(
    broker_url: str, migration: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("migrator.broker.publisher.CONFIRM_TIMEOUT_S", 0.5)
    monkeypatch.setattr("migrator.broker.publisher.WATCH_INTERVAL_S", 0.1)
    async with TcpProxy(broker_url) as proxy, Publisher(proxy.url, migration, 1) as publisher:
        await publisher.send(batch(1))
        await publisher.drain()
        proxy.freeze()
        with capture_logs() as logs:
            await publisher.send(batch(2))
            await until(lambda: publisher.reconnects > 0)
            proxy.thaw()
            await publisher.drain()

    assert "RabbitMQ has confirmed nothing for 0.5 s" in logs[0]["event"]
    assert without_repeats(await taken(broker_url, migration, 2)) == [1, 2]


async def test_a_fault_of_the_program_reaches_the_sender(
    broker_url: str, migration: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Link, "declare", None)  # Called, this is a TypeError.

    async with Publisher(broker_url, migration, 1) as publisher:
        await publisher.send(batch(1))
        with pytest.raises(BrokerError, match="The publisher failed") as caught:
            await publisher.drain()

    assert isinstance(caught.value.__cause__, TypeError)


async def test_a_broker_that_is_not_there_is_waited_for(broker_url: str, migration: str) -> None:
    async with TcpProxy(broker_url) as proxy:
        proxy.refusing = True
        with capture_logs() as logs:
            async with Publisher(proxy.url, migration, 1) as publisher:
                await publisher.send(batch(1))
                await until(lambda: publisher.reconnects >= 3)
                proxy.refusing = False
                await publisher.drain()

    assert [log["log_level"] for log in logs] == ["warning"] * len(logs)
    assert await taken(broker_url, migration, 1) == [1]


async def test_a_batch_without_a_queue_is_returned_and_sent_again(
    broker_url: str, migration: str
) -> None:
    async with Publisher(broker_url, migration, 1) as publisher:
        await publisher.send(batch(1))
        await publisher.drain()
        link = await Link.open(broker_url, "test")
        await link.delete_queue(queue_name(migration, 0))
        await link.close()

        with capture_logs() as logs:
            await publisher.send(batch(2))
            await publisher.drain()

        assert publisher.confirmed(0) == BatchId(1, 2)
    assert len(logs) == 1
    assert "returned a batch, because its queue is gone" in logs[0]["event"]
    assert await taken(broker_url, migration, 1) == [2]  # The loader notices that 1 is missing.


async def test_a_deleted_exchange_is_made_again(broker_url: str, migration: str) -> None:
    async with Publisher(broker_url, migration, 1) as publisher:
        await publisher.send(batch(1))
        await publisher.drain()
        await delete(broker_url, migration)

        await publisher.send(batch(2))
        await publisher.drain()

    assert await taken(broker_url, migration, 1) == [2]


async def test_a_wrong_password_ends_the_publisher(broker_url: str, migration: str) -> None:
    wrong = broker_url.replace("guest:guest", "guest:secret-word")

    async with Publisher(wrong, migration, 1) as publisher:
        await publisher.send(batch(1))

        with pytest.raises(BrokerError, match="refuses this migrator") as caught:
            await publisher.drain()
        with pytest.raises(BrokerError, match="refuses this migrator"):
            await publisher.send(batch(2))

    assert not caught.value.retryable
    assert "secret-word" not in str(caught.value)


async def test_a_cancelled_sender_stays_cancelled(broker_url: str, migration: str) -> None:
    async with TcpProxy(broker_url) as proxy:
        proxy.freeze()
        async with Publisher(proxy.url, migration, 1) as publisher:
            await publisher.send(batch(1))
            drain = asyncio.create_task(publisher.drain())
            await asyncio.sleep(0.1)

            drain.cancel()
            await asyncio.wait({drain})

            assert drain.cancelled()
            proxy.cut()


async def test_a_slow_line_of_single_bytes_is_no_trouble(broker_url: str, migration: str) -> None:
    async with TcpProxy(broker_url) as proxy:
        proxy.chunk_bytes = 1
        async with Publisher(proxy.url, migration, 1) as publisher:
            await publisher.send(batch(1, size=2000))
            await publisher.drain()

    assert await taken(broker_url, migration, 1) == [1]


async def test_purged_queues_are_empty(broker_url: str, migration: str) -> None:
    async with Publisher(broker_url, migration, 2) as publisher:
        await publisher.send(batch(1, partition=0))
        await publisher.send(batch(1, partition=1))
        await publisher.drain()

        await purge_all(broker_url, migration)

    assert await queue_depth(broker_url, migration, 2) == 0
