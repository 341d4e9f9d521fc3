"""What a session looks at while it works, where one of the servers does not answer."""

import asyncio
from typing import Any

import pytest

from migrator.capture import landing_watch, source_guard
from migrator.capture.landing_watch import LandingWatch
from migrator.capture.source_guard import SourceGuard
from migrator.errors import PositionLost, TargetUnavailable
from migrator.model.batch import BatchId
from migrator.model.position import Position
from migrator.model.state import Landed

LANDED = Landed(0, BatchId(1, 5), Position(file="binlog.000001", offset=100))


class Server:
    """Stands for all that the watches use: MongoDB answers once, and is then away."""

    beats = 0

    def __init__(self) -> None:
        self.disagreeing: dict[Any, Any] = {}
        self.reads = 0
        self.checked: list[Position] = []

    async def landed_in_state(self) -> tuple[Landed, ...]:
        self.reads += 1
        if self.reads > 1:
            raise TargetUnavailable("MongoDB did not answer.")
        return (LANDED,)

    def beat(self) -> None:
        pass

    def landed(self, landed: Landed) -> None:
        pass

    async def connect(self) -> "Server":
        return self

    async def __aenter__(self) -> "Server":
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


class State:
    """The state that the server holds."""

    def __init__(self, server: Server) -> None:
        self.landed = server.landed_in_state


async def test_the_source_is_guarded_by_what_had_landed_while_mongodb_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def lost(_: Any, position: Position) -> None:
        server.checked.append(position)
        raise PositionLost("It was purged.")

    monkeypatch.setattr(landing_watch, "INTERVAL_S", 0.001)
    monkeypatch.setattr(source_guard, "INTERVAL_S", 0.02)
    monkeypatch.setattr(source_guard, "check_still_available", lost)
    server: Any = Server()
    state: Any = State(server)
    landing = LandingWatch(state, server, server, epochs=(1,))
    watching = asyncio.create_task(landing.run())

    with pytest.raises(PositionLost):
        await SourceGuard(server, landing, server, server).run()

    watching.cancel()
    assert server.reads > 1
    assert server.checked == [LANDED.position] * 2
