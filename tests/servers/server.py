"""What every kind of server offers."""

from collections.abc import Callable
from typing import NewType, Protocol

ServerUrl = NewType("ServerUrl", str)
Progress = Callable[[str], None]


class ServerError(Exception):
    """A server cannot be had or started; the message says which, why, and what to do."""


def silent(step: str) -> None:
    """Progress that nobody watches."""


class Server(Protocol):
    """One kind of server, one private instance."""

    @property
    def name(self) -> str:
        """What it is called on the command line."""

    @property
    def variable(self) -> str:
        """The environment variable that carries its URL."""

    @property
    def url(self) -> ServerUrl:
        """Where it is, or would be; without a database."""

    def ensure_installed(self, progress: Progress = silent) -> None:
        """Fetch the program unless it is there. Raises ServerError."""

    def start(self, progress: Progress = silent) -> ServerUrl:
        """Fetch, initialise and start what is not yet, until it answers. Raises ServerError."""

    def stop(self) -> None:
        """Stop it if it runs; its data stay. Raises ServerError when it does not end."""

    def is_running(self) -> bool:
        """Whether the process that we started lives."""

    def answers(self) -> bool:
        """Whether a client can use it now, and it is this very instance."""
