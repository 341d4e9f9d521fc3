"""Back-pressure: what makes batches waits for what sends them."""

from typing import Protocol


class Room(Protocol):
    """Takes batches without waiting; what makes them asks it for room from time to time."""

    @property
    def is_full(self) -> bool:
        """Whether to wait for `room`."""
        ...

    async def room(self) -> None:
        """Return when there is room."""
        ...
