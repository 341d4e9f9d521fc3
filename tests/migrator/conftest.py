"""The servers that every test of the migrator may share, each with names of its own."""

import secrets
from collections.abc import AsyncIterator

import pytest

from migrator.queues import delete
from tests.servers.process import exclusive
from tests.servers.rabbitmq import RabbitMQ


@pytest.fixture(scope="session")
def broker_url() -> str:
    """The shared RabbitMQ."""
    with exclusive():
        return RabbitMQ().start()


@pytest.fixture
async def migration(broker_url: str) -> AsyncIterator[str]:
    """The name of a migration of this test's own; its queues are deleted at the end."""
    name = f"test_{secrets.token_hex(4)}"
    yield name
    await delete(broker_url, name)
