"""Processes, above all the migrator's: started as a user would, looked at, killed, always ended."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
from pymongo import MongoClient

from benchmarks.migrator.servers import Servers
from benchmarks.server import FOLDER, LOG_TAIL_CHARACTERS, BenchmarkError, clean_environment
from migrator.broker.queues import delete

STOP_TIMEOUT_S = 30.0
POLL_S = 0.02
PEAK = "VmHWM:"

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Migration:
    """One migration of one database, with queues and a state of its own.

    `target` is a client of the target, for looking at it.
    """

    servers: Servers
    target: MongoClient[Document]
    database: str

    @property
    def state(self) -> str:
        """The database of the target that remembers it."""
        return f"_{self.database}"

    def environment(self) -> dict[str, str]:
        """What its processes find: the URLs and names, and else the defaults."""
        return clean_environment(
            MIGRATOR_SOURCE_URL=self.servers.source_url,
            MIGRATOR_BROKER_URL=self.servers.broker_url,
            MIGRATOR_TARGET_URL=self.servers.target_url,
            MIGRATOR_NAME=self.database,
            MIGRATOR_STATE_DATABASE=self.state,
            MIGRATOR_DATABASES=self.database,
            # A half ends with the benchmark, even if that is killed.
            MIGRATOR_PARENT=str(os.getpid()),
        )

    def process(self, command: str, *options: str) -> "Process":
        """A process of it: capture, apply or run."""
        arguments = (sys.executable, "-m", "migrator", command, *options)
        return Process(f"{self.database}-{command}", arguments, self.environment())

    def remembered(self, collection: str) -> list[Document]:
        """What the target remembers: positions, tables or processes."""
        return list(self.target[self.state][collection].find())

    def remove(self) -> None:
        """Leave nothing of it at the broker and the target."""
        asyncio.run(delete(self.servers.broker_url, self.database))
        for name in (self.database, self.state):
            self.target.drop_database(name)


class Process:
    """A process with a log of its own; a context manager that ends it in any case."""

    def __init__(self, name: str, command: Sequence[str], environment: dict[str, str]) -> None:
        self.log = FOLDER / "logs" / f"{name}.log"
        self._name, self._command, self._environment = name, command, environment
        self._process: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, in a session of its own: Ctrl-C reaches the benchmark, which ends it."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=FOLDER,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def status(self) -> int | None:
        """The status with which it has ended; None while it runs."""
        return self._process.poll()

    def interrupt(self) -> None:
        """Send it what Ctrl-C sends."""
        self._process.send_signal(signal.SIGINT)

    def stop(self) -> None:
        """Ask it to end, and make it end if it does not within `STOP_TIMEOUT_S`."""
        if self.status() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def check(self) -> None:
        """Raise `BenchmarkError`, with the end of its log, if it has ended badly."""
        if self.status():
            tail = self.log.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:]
            raise BenchmarkError(f"{self._name} ended with {self.status()}:\n{tail}")

    def rss_mb(self) -> float:
        """Its resident memory, now."""
        return round(psutil.Process(self.pid).memory_info().rss / 2**20, 1)

    def peak_mb(self) -> float:
        """The most resident memory that it has had since it started, as the kernel keeps it."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        kib = next(int(line.split()[1]) for line in lines if line.startswith(PEAK))
        return round(kib / 1024, 1)

    def cpu_s(self) -> float:
        """The processor time that it has used."""
        times = psutil.Process(self.pid).cpu_times()
        return float(times.user + times.system)

    def half(self, role: str) -> psutil.Process | None:
        """The child that runs a half; None between two of its lives."""
        for child in psutil.Process(self.pid).children():
            try:
                if role in child.cmdline():
                    return child
            except psutil.NoSuchProcess:
                continue
        return None


def wait_for(is_so: Callable[[], bool], timeout_s: float, what: str, *processes: Process) -> float:
    """Wait until it is so, and return how long it took. Raises `BenchmarkError`."""
    begin_s = time.monotonic()
    while not is_so():
        for process in processes:
            process.check()
        if time.monotonic() - begin_s > timeout_s:
            raise BenchmarkError(f"After {timeout_s:g} s, still waiting: {what}.")
        time.sleep(POLL_S)
    return time.monotonic() - begin_s


@contextmanager
def both(migration: Migration) -> Iterator[tuple[Process, Process]]:
    """Capture and apply as two processes, for as long as the block runs."""
    with migration.process("capture") as capture, migration.process("apply") as apply:
        yield capture, apply
