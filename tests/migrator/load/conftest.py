"""A target that a test has for itself, on the checkout's server or on one of its own."""

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from migrator.load.partition import OwnedPartition
from migrator.model.collection import CollectionMap
from migrator.mongodb.target import Document, Target
from migrator.state.store import State
from servers.mongodb import MongoDB
from servers.process import exclusive, free_port
from tests.migrator.load.scene import Scene


@asynccontextmanager
async def scene_at(url: str) -> AsyncIterator[Scene]:
    """A scene in databases of its own, which are dropped afterwards."""
    name = f"load_{secrets.token_hex(4)}"
    client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(url)
    async with Target.connect(url, CollectionMap(), "tests") as target:
        scene = Scene(State(target, f"_{name}"), client, name)
        await scene.begin()
        yield scene
        for database in name, f"_{name}":
            await client.drop_database(database)
    client.close()


@pytest.fixture(scope="session")
def shared_url() -> str:
    with exclusive():
        return MongoDB().start()


@pytest.fixture(scope="session")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoDB]:
    """A server that a test may kill."""
    server = MongoDB(Path(tmp_path_factory.mktemp("mongodb")), port=free_port(0))
    server.start()
    yield server
    server.resume()
    server.stop()


@pytest.fixture
async def scene(shared_url: str) -> AsyncIterator[Scene]:
    async with scene_at(shared_url) as scene:
        yield scene


@pytest.fixture
async def owned(scene: Scene) -> OwnedPartition:
    """The scene's partition, owned."""
    return await scene.own()
