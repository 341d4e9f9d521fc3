"""The servers of the proof: instances of its own, which it kills, freezes and empties."""

import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from servers.mariadb import MariaDB
from servers.mongodb import MongoDB
from servers.mysql import MySQL
from servers.process import exclusive, free_port
from servers.rabbitmq import RabbitMQ
from servers.sql import SQLServer
from tests.migrator.proof.queues import Queues

KINDS: dict[str, type[SQLServer]] = {"mysql": MySQL, "mariadb": MariaDB}
# More than any disk has free.
EVERYTHING_BYTES = 10**18
MONGODB_OWN = frozenset({"admin", "config", "local"})


class Broker(RabbitMQ):
    """A broker that takes no messages after a start while `is_full`: its disk alarm is on."""

    is_full = False

    def _configure(self, port: int) -> None:
        super()._configure(port)
        if self.is_full:
            file = self.process.folder / "rabbitmq.conf"
            file.write_text(file.read_text().replace("= 200MB", f"= {EVERYTHING_BYTES}"))


@dataclass(frozen=True, slots=True)
class Servers:
    """A source, a broker and a target that nobody else uses."""

    source: SQLServer
    broker: Broker
    target: MongoDB

    @property
    def queues(self) -> Queues:
        """The broker's queues."""
        return Queues(self.broker.management_url, self.broker.url)

    def ensure_running(self) -> None:
        """Start what a test has left dead or frozen."""
        self.broker.is_full = False
        for server in self.source, self.broker, self.target:
            server.resume()
            server.start()

    def clear_target(self) -> None:
        """Remove everything that was migrated, and what `_migrator` remembers."""
        with MongoClient[dict[str, Any]](self.target.url) as client:
            for name in set(client.list_database_names()) - MONGODB_OWN:
                client.drop_database(name)

    def clear_queues(self) -> None:
        """Remove all queues."""
        for name in self.queues.names():
            self.queues.delete(name)


@contextmanager
def started(*kinds: str) -> Iterator[dict[str, Servers]]:
    """One broker and one target with a source of each kind; all removed at the end."""
    # Not pytest's folder, which keeps the last three runs: these would be gigabytes.
    folder = Path(tempfile.mkdtemp(prefix="kooch-proof-"))
    sources = {kind: KINDS[kind](folder, port=free_port(0)) for kind in kinds}
    broker, target = Broker(folder, port=free_port(0)), MongoDB(folder, port=free_port(0))
    everything = (*sources.values(), broker, target)
    try:
        with exclusive():
            for server in everything:
                server.ensure_installed()
        with ThreadPoolExecutor(len(everything)) as pool:
            list(pool.map(lambda server: server.start(), everything))
        yield {kind: Servers(source, broker, target) for kind, source in sources.items()}
    finally:
        for server in everything:
            # Their data are not needed any more.
            server.kill()
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)
