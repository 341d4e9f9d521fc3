"""A database of the test's own, and everything that the server logs about it."""

import secrets
from collections.abc import AsyncIterator

import pytest

from migrator.model.position import Position
from migrator.mysql.binlog.dump import dump
from migrator.mysql.position.log import current_position
from migrator.mysql.wire.connection import Connection, SourceUrl, connect
from servers.mariadb import MariaDB
from servers.mysql import MySQL
from servers.process import exclusive

HEARTBEAT_S = 0.5


@pytest.fixture(scope="session")
def mysql_url() -> SourceUrl:
    with exclusive():
        url = MySQL().start()
    return SourceUrl.parse(str(url))


@pytest.fixture(scope="session")
def mariadb_url() -> SourceUrl:
    with exclusive():
        url = MariaDB().start()
    return SourceUrl.parse(str(url))


@pytest.fixture(params=["mysql", "mariadb"])
def url(request: pytest.FixtureRequest) -> SourceUrl:
    found = request.getfixturevalue(f"{request.param}_url")
    assert isinstance(found, SourceUrl)
    return found


async def _in_own_database(url: SourceUrl) -> AsyncIterator[Connection]:
    name = f"protocol_{secrets.token_hex(4)}"
    async with await connect(url) as connection:
        await connection.query(f"CREATE DATABASE {name}")
        await connection.query(f"USE {name}")
        yield connection
        await connection.query(f"DROP DATABASE {name}")


@pytest.fixture
async def connection(url: SourceUrl) -> AsyncIterator[Connection]:
    async for connection in _in_own_database(url):
        yield connection


@pytest.fixture
async def mysql(mysql_url: SourceUrl) -> AsyncIterator[Connection]:
    async for connection in _in_own_database(mysql_url):
        yield connection


@pytest.fixture
async def mariadb(mariadb_url: SourceUrl) -> AsyncIterator[Connection]:
    async for connection in _in_own_database(mariadb_url):
        yield connection


async def logged_since(url: SourceUrl, start: Position) -> list[bytes]:
    """The raw events after `start`, until the server has no more."""
    events: list[bytes] = []
    async with await connect(url) as connection:
        end = await current_position(connection)
        server_id = 1_000_000 + secrets.randbelow(1 << 30)
        stream = dump(connection, start, server_id=server_id, heartbeat_s=HEARTBEAT_S)
        async for packets in stream:
            events.extend(packets)
            if any(_reaches(packet, end) for packet in packets):
                break
        await stream.aclose()
    return events


def _reaches(event: bytes, end: Position) -> bool:
    # Event types that stand in the log; what comes before has offsets of its own.
    placed = event[4] not in {4, 15, 27, 35, 41, 161, 163}
    return placed and int.from_bytes(event[13:17], "little") >= end.offset
