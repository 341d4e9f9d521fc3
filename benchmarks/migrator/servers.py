"""Three servers of the benchmark's own, in `.bench`: what it does to them harms nobody."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pymongo import MongoClient

from benchmarks.migrator.source import Source
from benchmarks.server import FOLDER, BenchmarkError
from servers.amqp import server_properties
from servers.lock import locked
from servers.mongodb import MongoDB
from servers.mysql import MySQL
from servers.private import PrivateServer
from servers.process import free_port
from servers.rabbitmq import RabbitMQ
from servers.server import ServerError

PLACE = FOLDER / "servers"
ANSWER_TIMEOUT_S = 5


@dataclass(frozen=True, slots=True)
class Servers:
    """Where they are: a source, a broker and a target."""

    source_url: str
    broker_url: str
    target_url: str

    def versions(self) -> dict[str, str]:
        """What they are, and what decides the cost of a commit."""
        (row,) = Source(self.source_url).rows(
            "SELECT VERSION(), @@innodb_flush_log_at_trx_commit, @@sync_binlog, @@gtid_mode"
        )
        version, flush, sync, gtids = row
        port = int(self.broker_url.rpartition(":")[2].partition("/")[0])
        with MongoClient[dict[str, object]](self.target_url) as client:
            target = client.server_info()["version"]
        return {
            "source": f"MySQL {version}, innodb_flush_log_at_trx_commit={flush}, "
            f"sync_binlog={sync}, gtid_mode={gtids}",
            "broker": f"RabbitMQ {server_properties(port, ANSWER_TIMEOUT_S).get('version')}, "
            "quorum queue, publisher confirms",
            "target": f"MongoDB {target}, replica set of one, w=majority, j=true",
        }


@contextmanager
def started(progress: Callable[[str], None]) -> Iterator[Servers]:
    """The servers, empty, for as long as the block runs; then they and their data are gone."""
    try:
        # Another run in this checkout would take our servers for its own remains.
        with locked(PLACE.with_suffix(".lock")):
            servers = _made()
            try:
                # What an earlier run left behind, because it was killed, goes first.
                _remove(servers)
                urls = []
                for server in servers:
                    progress(f"starting {server.name}")
                    urls.append(server.start(progress))
                yield Servers(*urls)
            finally:
                progress("stopping the servers")
                _remove(servers)
    except ServerError as error:
        raise BenchmarkError(str(error)) from error


def _made() -> list[PrivateServer]:
    return [server(PLACE, port=free_port(0)) for server in (MySQL, RabbitMQ, MongoDB)]


def _remove(servers: list[PrivateServer]) -> None:
    for server in servers:
        server.stop()
    shutil.rmtree(PLACE, ignore_errors=True)
