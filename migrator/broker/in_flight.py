"""What has been handed over and not yet confirmed: bounded, in order. Pure: no driver, no clock."""

from typing import Generic, TypeVar

Item = TypeVar("Item")


class Window(Generic[Item]):
    """Items in order; confirmed in any order, they leave it in theirs.

    An item is known by its number. An item that is confirmed before an older one stays
    until that one is confirmed too: what has left the window is contiguous.
    """

    def __init__(self, bytes_max: int, items_max: int) -> None:
        self._bytes_max = bytes_max
        self._items_max = items_max
        self._items: dict[int, tuple[Item, int]] = {}
        self._confirmed: set[int] = set()
        self._oldest = 0
        self._unsent = 0
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._items)

    @property
    def bytes(self) -> int:
        """The size of all items that are in it."""
        return self._bytes

    def has_room(self, size: int) -> bool:
        """Whether an item of this size may enter; one that is too large enters alone."""
        if not self._items:
            return True
        return len(self._items) < self._items_max and self._bytes + size <= self._bytes_max

    def add(self, item: Item, size: int) -> int:
        """Let an item in as the newest; its number."""
        number = self._oldest + len(self._items)
        self._items[number] = item, size
        self._bytes += size
        return number

    def take(self) -> tuple[int, Item] | None:
        """The oldest item that has not been taken for sending, with its number; None: all are."""
        if self._unsent == self._oldest + len(self._items):
            return None
        number = self._unsent
        self._unsent += 1
        return number, self._items[number][0]

    def confirm(self, number: int) -> list[Item]:
        """Note one as confirmed; the items that leave for it, in order. Twice does nothing."""
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
        """Send everything from the oldest on once more, what was confirmed behind it too.

        Only so do the messages of a new connection stand in order in the queue.
        """
        self._confirmed.clear()
        self._unsent = self._oldest
