"""What waits to be sent or confirmed: bounded, in order. Pure: no driver, no clock."""

from collections.abc import Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class SendBuffer(Generic[Item]):
    """Items in order: first they wait, then they are in flight, and they leave when confirmed.

    Each item has a number. An item that is confirmed before an older one stays until that one
    is confirmed, too, so that items leave in order. The buffer accepts every item: its caller
    should wait while it `is_full`.
    """

    def __init__(self, bytes_max: int, items_max: int, in_flight_max: int) -> None:
        self._bytes_max = bytes_max
        self._items_max = items_max
        self._in_flight_max = in_flight_max
        self._items: dict[int, tuple[Item, int]] = {}
        self._confirmed: set[int] = set()
        self._oldest = 0
        self._unsent = 0
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Item]:
        return (item for item, _ in self._items.values())

    @property
    def bytes(self) -> int:
        """The size of all items together."""
        return self._bytes

    @property
    def in_flight(self) -> int:
        """How many items have been taken for sending and have not left."""
        return self._unsent - self._oldest

    @property
    def is_full(self) -> bool:
        """Whether it holds more than it should."""
        return self._bytes > self._bytes_max or len(self._items) > self._items_max

    def add(self, item: Item, size: int) -> int:
        """Add the newest item; returns its number."""
        number = self._oldest + len(self._items)
        self._items[number] = item, size
        self._bytes += size
        return number

    def take(self) -> tuple[int, Item] | None:
        """The oldest waiting item with its number; None: nothing waits, or enough is in flight."""
        if self._unsent == self._oldest + len(self._items) or self.in_flight >= self._in_flight_max:
            return None
        number = self._unsent
        self._unsent += 1
        return number, self._items[number][0]

    def confirm(self, number: int) -> list[Item]:
        """Mark an item confirmed and return, in order, those that leave. Idempotent."""
        if number in self._items:
            self._confirmed.add(number)
        gone: list[Item] = []
        while self._oldest in self._confirmed:
            self._confirmed.remove(self._oldest)
            item, size = self._items.pop(self._oldest)
            self._oldest += 1
            self._bytes -= size
            gone.append(item)
        self._unsent = max(self._unsent, self._oldest)
        return gone

    def rewind(self) -> None:
        """Let everything from the oldest item on be sent again, even what was confirmed after it.

        Otherwise the messages of a new connection would not be in order in the queue.
        """
        self._confirmed.clear()
        self._unsent = self._oldest
