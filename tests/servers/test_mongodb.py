"""The private document database: a replica set of one, which outlives crashes and moves."""

import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from pymongo import MongoClient

from servers.mongodb import MongoDB
from servers.process import exclusive, free_port


class Stranger(socketserver.ThreadingTCPServer):
    """Somebody on a port, who hangs up at once."""

    allow_reuse_address = True


@pytest.fixture
def server(tmp_path: Path) -> Iterator[MongoDB]:
    """A server beside the checkout's own, running."""
    private = MongoDB(tmp_path, port=free_port(0))
    private.start()
    yield private
    private.resume()
    private.stop()


def connect(server: MongoDB) -> MongoClient[dict[str, Any]]:
    """A client of the replica set."""
    return MongoClient(server.url)


def insert(server: MongoDB, **document: Any) -> None:
    """Write a document in a transaction; only a replica set has them."""
    with (
        connect(server) as client,
        client.start_session() as session,
        session.start_transaction(),
    ):
        client.shop.orders.insert_one(document, session=session)


def documents(server: MongoDB) -> list[dict[str, Any]]:
    """All that is in the collection."""
    with connect(server) as client:
        return list(client.shop.orders.find({}, {"_id": False}))


def test_a_committed_transaction_survives_a_crash(server: MongoDB) -> None:
    url = server.url
    insert(server, sku="TEA-1")

    server.kill()
    assert not server.is_running()
    assert server.start() == url

    assert documents(server) == [{"sku": "TEA-1"}]


def test_the_replica_set_moves_along_when_its_port_is_taken(server: MongoDB) -> None:
    insert(server, sku="TEA-1")
    before = server.url
    server.stop()

    address = ("127.0.0.1", server.process.port)
    with Stranger(address, socketserver.BaseRequestHandler) as stranger:
        threading.Thread(target=stranger.serve_forever).start()
        try:
            after = server.start()
        finally:
            stranger.shutdown()

    assert after != before
    assert documents(server) == [{"sku": "TEA-1"}]


def test_a_frozen_server_runs_and_does_not_answer_until_it_is_resumed(server: MongoDB) -> None:
    server.pause()

    assert (server.is_running(), server.answers()) == (True, False)

    server.resume()
    assert server.answers()


def test_it_is_not_reached_from_other_machines(server: MongoDB) -> None:
    pid = int((server.process.folder / "pid").read_text())

    sockets = psutil.Process(pid).net_connections("inet")

    listening = {socket.laddr.ip for socket in sockets if socket.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}


def test_another_instance_on_the_port_is_not_taken_for_this_one(
    server: MongoDB, tmp_path: Path
) -> None:
    other = MongoDB(tmp_path / "other", port=server.process.port)

    assert not other.answers()
    assert not other.is_running()


def test_the_checkouts_own_server_is_started_once() -> None:
    with exclusive():
        first = MongoDB().start()
        pid = (MongoDB().process.folder / "pid").read_text()
        again = MongoDB().start()

    assert (again, (MongoDB().process.folder / "pid").read_text()) == (first, pid)
