"""What every file about servers uses: their addresses, their progress, their errors."""

from collections.abc import Callable
from typing import NewType

ServerUrl = NewType("ServerUrl", str)
Progress = Callable[[str], None]


class ServerError(Exception):
    """A server cannot be had or started; the message says which, why, and what to do."""


def silent(step: str) -> None:
    """Progress that nobody watches."""
