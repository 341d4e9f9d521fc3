"""The private broker: what a crash leaves of it, and what it leaves of others."""

import asyncio
import base64
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiormq
import psutil
import pytest
from pamqp.common import FieldValue

from servers.process import exclusive, free_port
from servers.rabbitmq import QUORUM_QUEUE_SETTLES_S, RabbitMQ

QUEUE = "orders"
QUORUM: dict[str, FieldValue] = {"x-queue-type": "quorum"}
LOGIN = base64.b64encode(b"guest:guest").decode()


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    """A broker beside the checkout's own, on a port of its own."""
    broker = RabbitMQ(tmp_path_factory.mktemp("servers"), port=free_port(0))
    yield broker
    broker.stop()


@pytest.fixture
def broker(private: RabbitMQ) -> RabbitMQ:
    """The same, running."""
    private.start()
    return private


async def declare(broker: RabbitMQ) -> None:
    """Make a durable quorum queue."""
    connection = await aiormq.connect(broker.url)
    channel = await connection.channel()
    await channel.queue_declare(QUEUE, durable=True, arguments=QUORUM)
    await connection.close()


async def publish(broker: RabbitMQ, body: bytes) -> None:
    """Put a message into the queue; the broker has confirmed it afterwards."""
    connection = await aiormq.connect(broker.url)
    channel = await connection.channel(publisher_confirms=True)
    await channel.basic_publish(body, routing_key=QUEUE)
    await connection.close()


async def take(broker: RabbitMQ) -> bytes:
    """Get a message out of the queue."""
    connection = await aiormq.connect(broker.url)
    channel = await connection.channel()
    message = await channel.basic_get(QUEUE, no_ack=True)
    await connection.close()
    return message.body


def manage(broker: RabbitMQ, path: str, method: str = "GET") -> Any:
    """What the management interface answers."""
    request = urllib.request.Request(f"{broker.management_url}/api/{path}", method=method)
    request.add_header("Authorization", f"Basic {LOGIN}")
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read() or "null")


async def first_with(broker: RabbitMQ, path: str, key: str) -> Any:
    """The first thing in a list that has the key; statistics come a second late."""
    for _ in range(100):
        for thing in manage(broker, path):
            if key in thing:
                return thing
        await asyncio.sleep(0.1)
    raise AssertionError(f"{path} shows nothing with {key}.")


async def test_a_confirmed_message_survives_a_crash_of_the_broker(broker: RabbitMQ) -> None:
    url = broker.url
    await declare(broker)
    await asyncio.sleep(QUORUM_QUEUE_SETTLES_S)
    await publish(broker, b"tea")

    broker.kill()
    assert not broker.is_running()
    assert not broker.answers()
    assert broker.start() == url

    assert await take(broker) == b"tea"


async def test_the_management_interface_shows_queues(broker: RabbitMQ) -> None:
    await declare(broker)
    await publish(broker, b"tea")

    queue = await first_with(broker, "queues", "messages")

    assert (queue["name"], queue["type"], queue["messages"]) == (QUEUE, "quorum", 1)
    assert await take(broker) == b"tea"


async def test_the_management_interface_closes_connections(broker: RabbitMQ) -> None:
    connection = await aiormq.connect(broker.url, client_properties={"connection_name": "worker"})
    named = await first_with(broker, "connections", "user_provided_name")

    await asyncio.to_thread(manage, broker, f"connections/{quote(named['name'])}", "DELETE")

    with pytest.raises(aiormq.exceptions.AMQPError, match="CONNECTION_FORCED"):
        await asyncio.wait_for(connection.closing, timeout=10)


def test_a_frozen_broker_runs_and_does_not_answer_until_it_is_resumed(broker: RabbitMQ) -> None:
    broker.pause()
    try:
        assert (broker.is_running(), broker.answers()) == (True, False)
    finally:
        broker.resume()

    assert broker.answers()


def test_nothing_of_the_broker_is_reached_from_other_machines(broker: RabbitMQ) -> None:
    folder = broker.process.folder
    pids = [int(file.read_text()) for file in (folder / "pid", folder / "names" / "pid")]

    sockets = [socket for pid in pids for socket in psutil.Process(pid).net_connections("tcp")]

    listening = {socket.laddr.ip for socket in sockets if socket.status == psutil.CONN_LISTEN}
    assert listening <= {"127.0.0.1", "::1"}


async def test_the_disk_alarm_comes_late_and_memory_raises_none(broker: RabbitMQ) -> None:
    node = await first_with(broker, "nodes", "disk_free_limit")

    assert node["disk_free_limit"] == 200_000_000
    assert not node["mem_alarm"]


def test_a_second_broker_takes_other_ports_and_leaves_the_first_alone(tmp_path: Path) -> None:
    with exclusive():
        own = RabbitMQ().start()
    second = RabbitMQ(tmp_path)  # It prefers the very ports of the first.

    try:
        assert second.start() != own
        assert second.management_url != RabbitMQ().management_url
        assert RabbitMQ().answers()
    finally:
        second.stop()

    assert RabbitMQ().answers()
    assert (second.is_running(), second.answers()) == (False, False)


def test_a_stopped_broker_leaves_no_process_behind(broker: RabbitMQ) -> None:
    broker.stop()

    folder = f"{broker.process.folder}/"
    lines = [
        " ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])
    ]
    assert not [line for line in lines if folder in line]
