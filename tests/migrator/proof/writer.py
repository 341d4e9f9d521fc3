"""One thread of the workload: its connection, its pace, and the ways a transaction ends."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random

from pymysql.err import InterfaceError, MySQLError

from tests.migrator.proof import operations
from tests.migrator.proof.operations import Hand, Operation
from tests.migrator.proof.schema import Table
from tests.migrator.proof.source import XA_FORMAT, Source

Stop = threading.Event
RECONNECT_S = 0.2
# Deadlock, lock wait, duplicate key, foreign key: the transaction is undone, all is well.
REFUSALS = frozenset({1213, 1205, 1062, 1451, 1452, 1761, 1762})
# The server went or ended the connection: what was being committed may be or not.
LOSSES = frozenset({1053, 1080, 1158, 1159, 1160, 1161, 1317, 1927, 2003, 2006, 2013, 2014, 2055})


@dataclass(frozen=True, slots=True)
class Mix:
    """How much of what is written.

    `rate` counts transactions per second of all writers. Every `ddl_every_s` a
    definition changes, and every `mass_every_s` one transaction changes `mass_rows`
    rows; 0 is never. The others are shares of the transactions.
    """

    rate: float = 60.0
    writers: int = 3
    ddl_every_s: float = 1.5
    mass_every_s: float = 2.0
    mass_rows: int = 2_000
    distributed: float = 0.04
    rolled_back: float = 0.08


@dataclass(slots=True)
class Writer:
    """Writes until `stop` is set, over connections that may break."""

    source: Source
    mix: Mix
    random: Random
    tables: tuple[Table, ...]
    stop: Stop
    counts: Counter[str] = field(default_factory=Counter)
    _distributed: int = 0

    def write(self) -> None:
        """Ordinary transactions, at the rate's share of one writer."""
        every_s = self.mix.writers / self.mix.rate
        self._repeat(lambda: self.random.expovariate(1 / every_s), self._ordinary)

    def change_definitions(self) -> None:
        """What no ordinary client does: definitions, and transactions of very many rows."""
        every = {self._definition: self.mix.ddl_every_s, self._mass: self.mix.mass_every_s}
        due = {step: time.monotonic() + every_s for step, every_s in every.items() if every_s}
        if not due:
            return

        def pause() -> float:
            return min(due.values()) - time.monotonic()

        def step(hand: Hand) -> None:
            chosen = min(due, key=lambda step: due[step])
            due[chosen] = time.monotonic() + every[chosen]
            chosen(hand)

        self._repeat(pause, step)

    def _repeat(self, pause: Callable[[], float], step: Callable[[Hand], None]) -> None:
        while not self.stop.is_set():
            with self._surviving(), self._hand() as hand:
                while not self.stop.wait(max(0.0, pause())):
                    self._attempt(hand, step)
            self.stop.wait(RECONNECT_S)

    def _attempt(self, hand: Hand, step: Callable[[Hand], None]) -> None:
        try:
            step(hand)
        except MySQLError as error:
            if error.args[0] not in REFUSALS:
                raise
            self.counts["refused"] += 1
            hand.client.rollback()

    @contextmanager
    def _surviving(self) -> Iterator[None]:
        try:
            yield
        except (MySQLError, OSError) as error:
            is_lost = isinstance(error, OSError | InterfaceError) or error.args[0] in LOSSES
            if not is_lost:
                raise
            self.counts["unknown"] += 1

    @contextmanager
    def _hand(self) -> Iterator[Hand]:
        client = self.source.connect(autocommit=False)
        try:
            yield Hand(client, self.random, self.tables)
        finally:
            with suppress(MySQLError, OSError):
                client.close()

    def _ordinary(self, hand: Hand) -> None:
        operation = self.random.choice(operations.ORDINARY)
        if self.random.random() < self.mix.distributed:
            self._in_two_phases(hand, operation)
        else:
            self._transaction(hand, operation)

    def _mass(self, hand: Hand) -> None:
        self._transaction(hand, operations.mass(self.mix.mass_rows))

    def _definition(self, hand: Hand) -> None:
        operations.define(hand)
        self.counts["definitions"] += 1

    def _transaction(self, hand: Hand, operation: Operation) -> None:
        hand.client.begin()
        operation(hand)
        if self.random.random() < self.mix.rolled_back:
            hand.client.rollback()
            self.counts["rolled back"] += 1
        else:
            hand.client.commit()
            self.counts["committed"] += 1

    def _in_two_phases(self, hand: Hand, operation: Operation) -> None:
        self._distributed += 1
        name = f"{self.random.randrange(2**32):x}-{self._distributed}"
        xid = f"'{name}','',{XA_FORMAT}"
        hand.run(f"XA START {xid}")
        try:
            operation(hand)
        except MySQLError:
            with suppress(MySQLError):
                hand.run(f"XA END {xid}")
            with suppress(MySQLError):
                hand.run(f"XA ROLLBACK {xid}")
            raise
        hand.run(f"XA END {xid}")
        hand.run(f"XA PREPARE {xid}")
        self.stop.wait(self.random.random() / 10)
        end = "ROLLBACK" if self.random.random() < 0.3 else "COMMIT"
        hand.run(f"XA {end} {xid}")
        self.counts[f"XA {end.lower()}"] += 1
