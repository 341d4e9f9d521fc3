"""The base class of every kind of private server."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from servers.process import FOLDER, Process
from servers.server import Progress, ServerUrl, silent


class PrivateServer(ABC):
    """One kind of server, one private instance on 127.0.0.1.

    Without arguments it is the instance of the checkout, which commands and tests share. A
    test that kills or freezes a server makes a separate one, so that it disturbs no other:

        broker = RabbitMQ(tmp_path, port=free_port(0))
        broker.start()
        broker.kill()  # As a crash does.
        broker.start()  # On the same port, with the data that it had on disk.
        broker.stop()

    If another process has the port, the server takes a free one, which `url` shows.
    """

    name: ClassVar[str]
    """Its name on the command line."""

    variable: ClassVar[str]
    """The environment variable for its URL."""

    preferred_port: ClassVar[int]
    """The port of the checkout's instance."""

    def __init__(self, folder: Path = FOLDER, port: int | None = None) -> None:
        self.process = Process(folder / self.name, self.preferred_port if port is None else port)
        self._data = self.process.folder / "data"

    @property
    @abstractmethod
    def url(self) -> ServerUrl:
        """The URL without a database, whether or not it runs."""

    @abstractmethod
    def ensure_installed(self, progress: Progress = silent) -> None:
        """Fetch the program unless it is there. Raises ServerError."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether a client can use it now, and reaches this instance."""

    @abstractmethod
    def _launch(self, progress: Progress) -> None:
        """Make the data folder if need be, and start the process; return when it answers."""

    def start(self, progress: Progress = silent) -> ServerUrl:
        """Start it, and fetch and initialise it first if need be. Raises ServerError."""
        if self.is_running():
            self.process.wait(self.answers)
        else:
            self.ensure_installed(progress)
            self._launch(progress)
        return self.url

    def stop(self) -> None:
        """Stop it if it runs; its data are kept. Raises ServerError if it does not end."""
        self.process.stop()

    def kill(self) -> None:
        """End it at once, as a crash does: only data that it wrote to disk are kept."""
        self.process.kill()

    def pause(self) -> None:
        """Freeze it: until `resume`, its connections stay open without an answer."""
        self.process.pause()

    def resume(self) -> None:
        """Continue after `pause`."""
        self.process.resume()

    def is_running(self) -> bool:
        """Whether the process that `start` started still runs."""
        return self.process.is_running()
