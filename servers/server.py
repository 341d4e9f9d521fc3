"""The types that all files about servers share: URL, progress and error."""

from collections.abc import Callable
from typing import NewType

ServerUrl = NewType("ServerUrl", str)
Progress = Callable[[str], None]


class ServerError(Exception):
    """A server cannot be installed or run; the message says which, why, and what to do."""


def silent(step: str) -> None:
    """A progress that reports nothing."""
