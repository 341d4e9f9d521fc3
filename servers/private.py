"""What every kind of private server offers."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from servers.process import FOLDER, Process
from servers.server import Progress, ServerUrl, silent


class PrivateServer(ABC):
    """One kind of server, one private instance on 127.0.0.1.

    Without arguments it is the checkout's own, which commands and tests share. A test
    that kills or freezes a server makes one of its own instead, which harms nobody:

        broker = RabbitMQ(tmp_path, port=free_port(0))
        broker.start()
        broker.kill()  # As a crash does.
        broker.start()  # On the same port, with what it had on disk.
        broker.stop()

    A port that somebody else has is left to them, and another is taken: `url` tells.
    """

    name: ClassVar[str]
    """What it is called on the command line."""

    variable: ClassVar[str]
    """The environment variable that carries its URL."""

    preferred_port: ClassVar[int]
    """The port of the checkout's own instance."""

    def __init__(self, folder: Path = FOLDER, port: int | None = None) -> None:
        self.process = Process(folder / self.name, self.preferred_port if port is None else port)
        self._data = self.process.folder / "data"

    @property
    @abstractmethod
    def url(self) -> ServerUrl:
        """Where it is, or would be; without a database."""

    @abstractmethod
    def ensure_installed(self, progress: Progress = silent) -> None:
        """Fetch the program unless it is there. Raises ServerError."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether a client can use it now, and it is this very instance."""

    @abstractmethod
    def _launch(self, progress: Progress) -> None:
        """Start the process, with its data folder; return when it answers."""

    def start(self, progress: Progress = silent) -> ServerUrl:
        """Fetch, initialise and start what is not yet, until it answers. Raises ServerError."""
        if self.is_running():
            self.process.wait(self.answers)
        else:
            self.ensure_installed(progress)
            self._launch(progress)
        return self.url

    def stop(self) -> None:
        """Stop it if it runs; its data stay. Raises ServerError when it does not end."""
        self.process.stop()

    def kill(self) -> None:
        """End it at once, as a crash does: only what it brought to disk stays."""
        self.process.kill()

    def pause(self) -> None:
        """Freeze it: connections stay open, and nobody answers, until `resume`."""
        self.process.pause()

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self.process.resume()

    def is_running(self) -> bool:
        """Whether the process that we started lives."""
        return self.process.is_running()
