"""The servers that every test of the migrator may share, each with names of its own."""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from migrator.broker.queues import delete
from servers.mariadb import MariaDB
from servers.mongodb import MongoDB
from servers.mysql import MySQL
from servers.process import exclusive
from servers.rabbitmq import RabbitMQ
from tests.migrator.road import Road, Source


@pytest.fixture(scope="session")
def broker_url() -> str:
    """The shared RabbitMQ."""
    with exclusive():
        return RabbitMQ().start()


@pytest.fixture(scope="session")
def target_url() -> str:
    """The shared MongoDB."""
    with exclusive():
        return MongoDB().start()


@pytest.fixture(params=["mysql", "mariadb"])
def source(request: pytest.FixtureRequest) -> Source:
    """An empty database of this test's own, on each kind of source."""
    server = MySQL() if request.param == "mysql" else MariaDB()
    with exclusive():
        return Source(server.start())


@pytest.fixture
def mysql() -> Source:
    """An empty database of this test's own, on MySQL."""
    with exclusive():
        return Source(MySQL().start())


@pytest.fixture
def mariadb() -> Source:
    """An empty database of this test's own, on MariaDB."""
    with exclusive():
        return Source(MariaDB().start())


RoadFactory = Callable[..., Road]


@pytest.fixture
async def make_road(source: Source, broker_url: str, target_url: str) -> AsyncIterator[RoadFactory]:
    """Makes the migration of the test's database, with further settings."""
    async with roads_of(source, broker_url, target_url) as make:
        yield make


@pytest.fixture
async def make_mysql_road(
    mysql: Source, broker_url: str, target_url: str
) -> AsyncIterator[RoadFactory]:
    """The same for the database on MySQL."""
    async with roads_of(mysql, broker_url, target_url) as make:
        yield make


@pytest.fixture
async def make_mariadb_road(
    mariadb: Source, broker_url: str, target_url: str
) -> AsyncIterator[RoadFactory]:
    """The same for the database on MariaDB."""
    async with roads_of(mariadb, broker_url, target_url) as make:
        yield make


@asynccontextmanager
async def roads_of(source: Source, broker_url: str, target_url: str) -> AsyncIterator[RoadFactory]:
    """Makes migrations of one database, and removes what they left."""
    roads: list[Road] = []

    def make(**options: Any) -> Road:
        roads.append(Road(source, broker_url, target_url, **options))
        return roads[-1]

    yield make
    for road in roads[1:]:
        road.client.close()
    for road in roads[:1]:
        await road.remove()


@pytest.fixture
def road(make_road: RoadFactory) -> Road:
    """The migration of the test's database."""
    return make_road()


@pytest.fixture
async def migration(broker_url: str) -> AsyncIterator[str]:
    """The name of a migration of this test's own; its queues are deleted at the end."""
    name = f"test_{secrets.token_hex(4)}"
    yield name
    await delete(broker_url, name)
