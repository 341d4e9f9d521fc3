"""The scene of the tests of `verify`, and halves that do nothing."""

import secrets
import sys
from collections.abc import AsyncIterator, Mapping

import pytest

from migrator.model.batch import BatchId
from migrator.model.position import Position
from migrator.model.state import KeyRange, Landed, TableCopy
from migrator.observe.reports import Role
from migrator.settings import Settings
from migrator.state.documents import landed_fields
from migrator.state.store import State
from migrator.supervise import verify as verifying
from migrator.supervise.halves import Half, Line
from servers.mongodb import MongoDB
from servers.process import exclusive
from tests.migrator.supervise.scene import ORDERS, USERS, Scene

HALVES: list[Half] = []


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    with exclusive():
        target_url = MongoDB().start()
    name = f"_verify_{secrets.token_hex(4)}"
    nowhere = {"source_url": "mysql://x@127.0.0.1:1/", "broker_url": "amqp://127.0.0.1:1/"}
    settings = Settings(target_url=target_url, state_database=name, databases=("shop",), **nowhere)  # type: ignore[arg-type]
    async with State.connect(settings, "test") as state:
        landed = landed_fields(Landed(0, BatchId(1, 0), Position()))
        await state.positions.insert_one({"_id": 0, **landed})
        for table in ORDERS, USERS:
            await state.save_table(TableCopy(table, 0, 1, 5, (KeyRange(done=True),)))
        yield Scene(settings, state)
        await state.positions.database.client.drop_database(name)


@pytest.fixture
def halves(monkeypatch: pytest.MonkeyPatch) -> list[Half]:
    """Halves that do nothing; the list has those that were started."""
    HALVES.clear()

    def half(role: Role, environment: Mapping[str, str], line: Line) -> Half:
        HALVES.append(
            Half(role, (sys.executable, "-c", "import time; time.sleep(60)"), environment, line)
        )
        return HALVES[-1]

    monkeypatch.setattr(verifying, "half_of_this_program", half)
    return HALVES
