"""Turns between two transactions of the stream."""

import asyncio

from migrator.model.position import Position


class Turn:
    """The turn of a task that waits for a boundary; the stream waits until the turn has ended.

    With `place`, it waits for a boundary at which the stream has passed this place in the log.
    """

    def __init__(self, place: Position | None) -> None:
        self.place = place
        self.has_begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.has_ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
