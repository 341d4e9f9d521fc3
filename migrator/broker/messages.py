"""What goes into a queue and comes out of it, and what the queues are called."""

from dataclasses import dataclass
from typing import Any

Header = str | int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message for a partition; `message_id` is unique among those that are under way."""

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
    """The queue of what could not be delivered: anything in it is a cause for alarm."""
    return f"{name}.dead"
