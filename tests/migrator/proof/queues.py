"""What an operator, or an accident, does to RabbitMQ's queues: by its management interface."""

import asyncio
import json
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import (
    HTTPBasicAuthHandler,
    HTTPPasswordMgrWithDefaultRealm,
    Request,
    build_opener,
)

import aiormq
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic

VHOST = "%2F"
TIMEOUT_S = 10
NOT_FOUND = 404
SILENCE_S = 1.0


@dataclass(frozen=True, slots=True)
class Message:
    """A message with everything that its publisher gave it."""

    body: bytes
    properties: Basic.Properties


@dataclass(frozen=True, slots=True)
class Queues:
    """The queues of the default virtual host.

    `url` is that of the management interface, `broker` that of the broker itself: a
    queue with a single active consumer gives its messages to consumers only.
    """

    url: str
    broker: str

    def names(self) -> list[str]:
        """The queues that are there."""
        return [queue["name"] for queue in self._ask("GET", f"queues/{VHOST}")]

    def depth(self, queue: str) -> int:
        """How many messages are ready or unsettled, as the statistics know it: a second late."""
        answer = self._ask("GET", f"queues/{VHOST}/{quote(queue)}")
        return int(answer.get("messages", 0))

    def wait_for(self, queue: str, messages: int, timeout_s: float = 20) -> None:
        """Return once at least so many messages wait."""
        deadline = time.monotonic() + timeout_s
        while self.depth(queue) < messages:
            assert time.monotonic() < deadline, f"{queue} did not fill in {timeout_s} s."
            time.sleep(0.2)

    def take(self, queue: str, count: int) -> list[Message]:
        """Remove up to so many messages from the front; `put` puts them back, at the end."""
        return asyncio.run(_take(self.broker, queue, count))

    def put(self, queue: str, messages: Iterable[Message]) -> None:
        """Publish messages at the end of a queue."""
        asyncio.run(_put(self.broker, queue, messages))

    def purge(self, queue: str) -> None:
        """Drop what waits."""
        self._ask("DELETE", f"queues/{VHOST}/{quote(queue)}/contents")

    def delete(self, queue: str) -> None:
        """Remove a queue with all that is in it, if it is there."""
        try:
            self._ask("DELETE", f"queues/{VHOST}/{quote(queue)}")
        except HTTPError as error:
            error.close()
            if error.code != NOT_FOUND:
                raise

    def close_connections(self) -> int:
        """End all connections to the broker; how many those were."""
        names = [connection["name"] for connection in self._ask("GET", "connections")]
        for name in names:
            try:
                self._ask("DELETE", f"connections/{quote(name, safe='')}")
            except HTTPError as error:
                error.close()
                if error.code != NOT_FOUND:
                    raise
        return len(names)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        passwords = HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, self.url, "guest", "guest")
        request = Request(
            f"{self.url}/api/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        opener = build_opener(HTTPBasicAuthHandler(passwords))
        with opener.open(request, timeout=TIMEOUT_S) as answer:
            content = answer.read()
        return json.loads(content) if content else None


async def _take(url: str, queue: str, count: int) -> list[Message]:
    arrived: asyncio.Queue[DeliveredMessage] = asyncio.Queue()
    connection = await aiormq.connect(url)
    try:
        channel = await connection.channel()
        await channel.basic_qos(prefetch_count=count)
        await channel.basic_consume(queue, arrived.put)
        taken: list[DeliveredMessage] = []
        with suppress(TimeoutError):
            while len(taken) < count:
                taken.append(await asyncio.wait_for(arrived.get(), SILENCE_S))
        if taken:
            await channel.basic_ack(taken[-1].delivery_tag or 0, multiple=True)
    finally:
        await connection.close()
    return [Message(message.body, message.header.properties) for message in taken]


async def _put(url: str, queue: str, messages: Iterable[Message]) -> None:
    connection = await aiormq.connect(url)
    try:
        channel = await connection.channel(publisher_confirms=True)
        for message in messages:
            await channel.basic_publish(
                message.body, routing_key=queue, properties=message.properties, mandatory=True
            )
    finally:
        await connection.close()
