"""Messages as they go into a queue and come out of it, and the names of the queues."""

from dataclasses import dataclass
from typing import Any

Header = str | int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message for a partition; `message_id` is unique among those in flight."""

    partition: int
    message_id: str
    headers: dict[str, Header]
    body: bytes


@dataclass(frozen=True, slots=True)
class Incoming:
    """A delivered message; `tag` is its number on the channel that brought it."""

    tag: int
    message_id: str
    headers: dict[str, Any]
    body: bytes


def queue_name(name: str, partition: int) -> str:
    """The queue of a partition."""
    return f"{name}.{partition}"


def dead_letters_name(name: str) -> str:
    """The queue of messages that could not be delivered: anything in it is an alarm."""
    return f"{name}.dead"
