"""Back-pressure: whoever makes batches waits for whatever sends them."""

from typing import Protocol


class Room(Protocol):
    """What takes batches at once, and is asked for room from time to time."""

    @property
    def is_full(self) -> bool:
        """Whether to wait for `room`."""
        ...

    async def room(self) -> None:
        """Return when there is room."""
        ...
