"""What an operator, or an accident, does to RabbitMQ's queues: by its management interface."""

import json
import time
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

VHOST = "%2F"
TIMEOUT_S = 10
NOT_FOUND = 404
Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Queues:
    """The queues of the default virtual host; `url` is that of the management interface."""

    url: str

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
        """Remove messages from the front; with `replace` they can be put back."""
        wanted = {"count": count, "ackmode": "ack_requeue_false", "encoding": "base64"}
        return list(self._ask("POST", f"queues/{VHOST}/{quote(queue)}/get", wanted))

    def put(self, queue: str, message: Message) -> None:
        """Publish a taken message at the end of a queue."""
        answer = self._ask(
            "POST",
            f"exchanges/{VHOST}/amq.default/publish",
            {
                "properties": message["properties"],
                "routing_key": queue,
                "payload": message["payload"],
                "payload_encoding": message["payload_encoding"],
            },
        )
        assert answer["routed"], f"{queue} took no message."

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
