"""The proof's own servers, shared by its tests, and one migration for each of them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.migrator.proof.harness import Road
from tests.migrator.proof.servers import Servers, started

MakeRoad = Callable[..., Road]


@pytest.fixture(scope="session")
def every_server() -> Iterator[dict[str, Servers]]:
    """A source of each kind, with one broker and one target."""
    with started("mysql", "mariadb") as servers:
        yield servers


@pytest.fixture(scope="session")
def servers(every_server: dict[str, Servers]) -> Servers:
    """The servers with MySQL as the source."""
    return every_server["mysql"]


@pytest.fixture
def make_road(servers: Servers, tmp_path: Path) -> Iterator[MakeRoad]:
    """Begin a migration that ends with the test."""
    with ExitStack() as stack:

        def make(chosen: Servers = servers, **options: Any) -> Road:
            return stack.enter_context(Road(chosen, tmp_path, **options))

        yield make
