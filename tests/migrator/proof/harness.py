"""One migration under attack: its servers, its two programs, a workload, a reader, a verdict."""

import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Self

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.migrator.proof import schema
from tests.migrator.proof.audit import check_audit
from tests.migrator.proof.compare import Comparison, compare
from tests.migrator.proof.landed import Standing, standing
from tests.migrator.proof.operations import Hand, mass
from tests.migrator.proof.program import Program
from tests.migrator.proof.reader import Reader
from tests.migrator.proof.servers import Servers
from tests.migrator.proof.source import Source
from tests.migrator.proof.workload import Workload
from tests.migrator.proof.writer import Mix

POLL_S = 0.1
CATCH_UP_S = 40
Document = dict[str, Any]


@dataclass(slots=True)
class Road:
    """A migration of one database, from its start to the verdict.

        with Road(servers, folder, seed=1) as road:
            road.start()
            road.begin()
            road.apply.kill()
            road.apply.start()
            road.conclude()

    `settings` are environment variables of both programs that come on top, for
    instance the URL of a proxy.
    """

    servers: Servers
    folder: Path
    seed: int = 1
    mix: Mix = field(default_factory=Mix)
    settings: Mapping[str, str] = field(default_factory=dict)
    rows: int = schema.INITIAL_ROWS
    source: Source = field(init=False)
    capture: Program = field(init=False)
    apply: Program = field(init=False)
    workload: Workload = field(init=False)
    reader: Reader = field(init=False)
    client: "MongoClient[Document]" = field(init=False)
    _before: str | None = None

    def __post_init__(self) -> None:
        name = f"proof_{secrets.token_hex(4)}"
        self.source = Source(self.servers.source.url, name)
        self.capture = self.program("capture")
        self.apply = self.program("apply")
        self.workload = Workload(self.source, self.seed, self.mix)
        url = self.servers.target.url
        self.reader = Reader(url, name, schema.ACCOUNTS, schema.TOTAL, self.mix.mass_rows)
        self.client = MongoClient(url, serverSelectionTimeoutMS=10_000)

    def program(self, command: str, log: str = "") -> Program:
        """One of the two halves; a `log` of its own for a second one."""
        environment = {
            "MIGRATOR_SOURCE_URL": self.servers.source.url,
            "MIGRATOR_BROKER_URL": self.servers.broker.url,
            "MIGRATOR_TARGET_URL": self.servers.target.url,
            "MIGRATOR_DATABASES": self.source.database,
            "MIGRATOR_NAME": self.source.database,
            "MIGRATOR_AUDIT": "1",
        }
        log = log or command
        return Program(command, environment | dict(self.settings), self.folder / f"{log}.log")

    @property
    def queue(self) -> str:
        """The queue of the first partition."""
        return f"{self.source.database}.0"

    def __enter__(self) -> Self:
        self.servers.clear_target()
        schema.build(self.source, self.seed, self.rows)
        return self

    def __exit__(self, *_: object) -> None:
        with ExitStack() as stack:
            # The last one comes first; an error keeps none from being tried.
            stack.callback(self.client.close)
            stack.callback(self.servers.clear_target)
            stack.callback(self.servers.clear_queues)
            stack.callback(self.source.drop)
            # What a crash left prepared would hold the tables for ever.
            stack.callback(self.source.settle_distributed)
            stack.callback(self.servers.ensure_running)
            stack.callback(self.workload.stop)
            stack.callback(self.reader.stop)
            stack.callback(self.apply.kill)
            stack.callback(self.capture.kill)

    def start(self) -> None:
        """Start both programs, and return when everything is copied and nothing lags."""
        if not self.workload.is_writing and self.source.has_gtids:
            self._before = self.source.executed()
        self.capture.start()
        self.apply.start()
        self.catch_up()

    def begin(self, seconds: float = 1.0) -> None:
        """Start the reader and the workload, and let them run for some seconds."""
        self.reader.start()
        self.workload.start()
        time.sleep(seconds)

    def change_masses(self) -> None:
        """One transaction that writes, changes or removes all rows of `masses`."""
        client = self.source.connect(autocommit=False)
        try:
            hand = Hand(client, Random(self.seed), ())
            client.begin()
            mass(self.mix.mass_rows)(hand)
            client.commit()
        finally:
            client.close()

    def standing(self) -> Standing:
        """What has landed."""
        return standing(self.client)

    def catch_up(self, timeout_s: float = CATCH_UP_S, restart: bool = False) -> None:
        """Return once all that the source has executed by now has landed, and all is copied.

        A program that has ended meanwhile is an error, unless `restart` says to start it.
        """
        executed = self.source.executed()
        self.wait_until(lambda: self._covers(executed), "catch up", timeout_s, restart=restart)

    def wait_until(
        self,
        is_so: Callable[[], bool],
        what: str,
        timeout_s: float = CATCH_UP_S,
        restart: bool = False,
    ) -> None:
        """Return once it is so; both programs must live meanwhile."""
        deadline = time.monotonic() + timeout_s
        while not is_so():
            for program in self.capture, self.apply:
                if restart and not program.is_running():
                    program.start()
                status = program.exit_status()
                assert status is None, f"{program.command} ended with {status}.{program.tail()}"
            if time.monotonic() > deadline:
                raise AssertionError(f"It did not {what} in {timeout_s} s: {self._report()}")
            time.sleep(POLL_S)

    def _covers(self, executed: str) -> bool:
        try:
            now = self.standing()
        except PyMongoError:
            return False
        arrived = bool(now.positions) and now.tables > 0 and not now.copying
        positions = (document["position"] for document in now.positions)
        return arrived and all(self.source.covers(position, executed) for position in positions)

    def _report(self) -> str:
        try:
            now = self.standing()
            state = f"positions {now.positions}, still copying {now.copying or 'nothing'}"
        except PyMongoError as error:
            state = f"MongoDB does not answer ({error})"
        executed = self.source.executed()
        return f"{state}; executed {executed}.{self.capture.tail()}{self.apply.tail()}"

    def verify(self, timeout_s: float = CATCH_UP_S, restart: bool = False) -> Comparison:
        """Stop the workload, let everything land, and compare it all, in every respect."""
        self.workload.stop()
        self.source.settle_distributed()
        self.catch_up(timeout_s, restart)
        comparison = compare(self.source, self.servers.target.url)
        comparison.check()
        check_audit(self.client)
        if self._before is not None:
            self._check_count(self._before)
        if self.reader.looks:
            self.reader.check()
        return comparison

    def conclude(self, timeout_s: float = CATCH_UP_S) -> None:
        """The verdict: equal row by row, each batch loaded once, no half transaction seen."""
        self.verify(timeout_s)
        self.reader.stop()
        assert self.workload.counts["committed"] > 0, "The workload wrote nothing."

    def _check_count(self, before: str) -> None:
        """As many transactions were applied as the source has numbered since the beginning."""
        now = self.standing()
        for position in now.positions:
            given = self.source.transactions_since(before, position["position"]["gtids"])
            applied = position["transactions"]
            assert applied == given, f"{applied} transactions were applied, {given} were committed."
