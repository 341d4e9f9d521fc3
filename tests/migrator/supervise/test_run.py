import asyncio
import io
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from migrator.errors import HalfFailed
from migrator.exit_codes import Exit
from migrator.model.batch import BatchId
from migrator.model.state import KeyRange, Landed, TableCopy
from migrator.model.table import TableName
from migrator.mysql.position.log import current_position
from migrator.mysql.wire.connection import Connection, SourceUrl, connect
from migrator.observe.reports import CaptureReport, Role
from migrator.settings import Settings
from migrator.state.documents import landed_fields
from migrator.state.store import State
from migrator.supervise import run as running
from migrator.supervise.halves import Half, Line
from servers.mongodb import MongoDB
from servers.mysql import MySQL
from servers.process import exclusive, free_port
from servers.rabbitmq import RabbitMQ

HALVES: list[Half] = []
LIVES = "import time; time.sleep(60)"


@dataclass(frozen=True)
class Scene:
    """Real servers, a table in the source, and halves that do nothing."""

    settings: Settings
    source: Connection
    state: State
    database: str
    said: io.StringIO

    async def run(self) -> Exit:
        console = Console(file=self.said, width=200)
        async with asyncio.timeout(15):
            return await running.run(self.settings, console, until_caught_up=True)

    async def copy(self, *, done: bool) -> None:
        name = TableName(self.database, "t")
        await self.state.save_table(TableCopy(name, 0, 1, 5, (KeyRange(rows=5, done=done),)))

    async def land(self) -> None:
        """Everything that the source has by now is in the target, as far as it knows."""
        landed = Landed(0, BatchId(1, 0), await current_position(self.source))
        # At once: whoever looks in between must not find nothing.
        await self.state.positions.replace_one(
            {"_id": 0}, {"_id": 0, **landed_fields(landed)}, upsert=True
        )

    async def report(self) -> None:
        """What capture does once it has looked at everything."""
        pids = [half.state.pid for half in HALVES[-2:] if half.state.pid]
        if pids:
            report = CaptureReport(pids[0])
            await self.state.report(Role.CAPTURE, report.to_document())

    async def follow(self, run: "asyncio.Task[Exit]") -> Exit:
        """Land again and again: the server is shared, and others write to it all the time."""
        while not run.done():
            await self.land()
            await self.report()
            await asyncio.sleep(0.1)
        return run.result()


@pytest.fixture
async def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    mongodb = MongoDB(tmp_path, port=free_port(0))
    with exclusive():
        source_url, broker_url = MySQL().start(), RabbitMQ().start()
    target_url = mongodb.start()
    database = f"run_{secrets.token_hex(4)}"
    settings = Settings(
        source_url=source_url,
        broker_url=broker_url,
        target_url=target_url,
        databases=(database,),
        name=database,
    )
    halves(monkeypatch)
    async with await connect(SourceUrl.parse(source_url)) as source:
        await source.query(f"CREATE DATABASE {database}")
        await source.query(f"CREATE TABLE {database}.t (id INT PRIMARY KEY)")
        async with State.connect(settings, "test") as state:
            await state.ensure()
            yield Scene(settings, source, state, database, io.StringIO())
        await source.query(f"DROP DATABASE {database}")
    mongodb.kill()


def halves(monkeypatch: pytest.MonkeyPatch, **code: str) -> None:
    """Let the halves run this code; they live and do nothing unless it is given."""

    def half(role: Role, environment: Mapping[str, str], line: Line) -> Half:
        program = code.get(role.value, LIVES)
        HALVES.append(Half(role, (sys.executable, "-c", program), environment, line))
        return HALVES[-1]

    monkeypatch.setattr(running, "half_of_this_program", half)


async def test_it_ends_when_all_that_the_source_had_has_arrived(scene: Scene) -> None:
    await scene.copy(done=True)
    await scene.land()
    await scene.source.query(f"INSERT INTO {scene.database}.t VALUES (1)")

    waiting = asyncio.create_task(scene.run())
    # All is there, but nobody has looked at the source in this run.
    for _ in range(20):
        await asyncio.sleep(0.1)
        await scene.land()
    assert not waiting.done()

    assert await scene.follow(waiting) is Exit.COMPLETE
    assert "COMPLETE: 1 of 1 tables are copied, 5 rows;" in scene.said.getvalue()


async def test_a_table_that_is_not_copied_keeps_it_running(scene: Scene) -> None:
    await scene.copy(done=False)
    await scene.land()

    waiting = asyncio.create_task(scene.run())
    await asyncio.sleep(1.5)
    assert not waiting.done()
    await scene.source.query(f"CREATE TABLE {scene.database}.later (id INT PRIMARY KEY)")
    await scene.copy(done=True)
    with pytest.raises(TimeoutError):  # Nothing is known of the new table.
        await asyncio.wait_for(scene.follow(waiting), 1.5)
    await scene.source.query(f"DROP TABLE {scene.database}.later")

    assert await scene.follow(waiting) is Exit.COMPLETE


async def test_dead_letters_are_told_and_the_status_says_so(scene: Scene) -> None:
    await scene.copy(done=True)
    table = f"{scene.database}.t"
    await scene.state.collection("dead_letters").insert_one({"table": table, "reason": "odd"})

    waiting = asyncio.create_task(scene.run())

    assert await scene.follow(waiting) is Exit.INCOMPLETE
    assert f"1 rows of {table} were not migrated" in scene.said.getvalue()


async def test_a_half_that_cannot_go_on_ends_the_run(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "import sys; print('error: no log', file=sys.stderr); sys.exit(2)"
    halves(monkeypatch, capture=said)

    with pytest.raises(HalfFailed) as ended:
        await scene.run()

    assert ended.value.status == 2
    assert str(ended.value) == "no log"
    assert scene.said.getvalue() == ""


async def test_a_table_that_is_left_out_is_named_and_the_status_says_so(scene: Scene) -> None:
    await scene.copy(done=True)
    name = TableName(scene.database, "odd")
    await scene.state.save_table(TableCopy(name, 0, 1, 5, (), left_out="It has no key."))

    waiting = asyncio.create_task(scene.run())

    assert await scene.follow(waiting) is Exit.INCOMPLETE
    assert f"{name} is left out, and not followed: It has no key." in scene.said.getvalue()
