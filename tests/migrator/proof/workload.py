"""Seeded threads that write to the source until they are told to stop."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Self

from tests.migrator.proof import schema
from tests.migrator.proof.source import Source
from tests.migrator.proof.writer import Mix, Stop, Writer

STOP_TIMEOUT_S = 60


@dataclass(slots=True)
class Workload:
    """Writes to `source` between `start` and `stop`; `counts` says how often what came to pass.

    "committed" and "rolled back" are transactions, "refused" are those that lost
    against another one (deadlocks), "unknown" those whose connection was lost. The
    same seed gives each thread the same intentions; how they meet is up to the machine.
    """

    source: Source
    seed: int
    mix: Mix = field(default_factory=Mix)
    counts: Counter[str] = field(default_factory=Counter)
    _starts: int = 0
    _stop: Stop = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _failures: list[BaseException] = field(default_factory=list)

    def start(self) -> Self:
        """Begin."""
        tables = schema.tables(mariadb=self.source.is_mariadb)
        self._stop.clear()
        self._starts += 1
        for number in range(self.mix.writers + 1):
            random = Random(f"{self.seed} {self._starts} {number}")
            writer = Writer(self.source, self.mix, random, tables, self._stop)
            role = writer.change_definitions if number == self.mix.writers else writer.write
            thread = threading.Thread(
                target=self._run, args=(role, writer), name=f"writer {number}"
            )
            self._threads.append(thread)
            thread.start()
        return self

    @property
    def is_writing(self) -> bool:
        """Whether it has been started and not stopped."""
        return bool(self._threads)

    def stop(self) -> None:
        """End, and raise what a thread failed with; nothing is written afterwards."""
        self._stop.set()
        for thread in self._threads:
            thread.join(STOP_TIMEOUT_S)
            assert not thread.is_alive(), f"The thread {thread.name} does not stop."
        self._threads.clear()
        failures, self._failures = self._failures, []
        if failures:
            raise failures[0]

    def _run(self, role: Callable[[], None], writer: Writer) -> None:
        try:
            role()
        except BaseException as error:  # noqa: BLE001  The main thread raises it.
            self._failures.append(error)
        self.counts.update(writer.counts)
