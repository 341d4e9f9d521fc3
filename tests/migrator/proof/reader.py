"""A reader of MongoDB who must never see half of a transaction, nor time run backwards."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any, Self

from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError

from tests.migrator.proof.landed import STATE

POLL_S = 0.06
RETRY_S = 0.2
STOP_TIMEOUT_S = 30
TIMEOUT_MS = 5_000
Document = dict[str, Any]
SUMS = [
    {
        "$group": {
            "_id": None,
            "accounts": {"$sum": 1},
            "balance": {"$sum": "$balance"},
            "version": {"$sum": "$version"},
        }
    }
]
ROUNDS = [{"$group": {"_id": "$round", "rows": {"$sum": 1}}}]


@dataclass(slots=True)
class Reader:
    """Looks all the time from one snapshot of MongoDB to the next.

    In each, the balances add up to `total` over `accounts` accounts, and the rows of
    `masses`, which one transaction always changes all together, are all of one round
    and `mass_rows` or none. From each to the next, neither the versions of the
    accounts nor the number of applied transactions falls. What it sees instead is
    kept in `violations`. A table that is being copied, as the same snapshot says, and
    accounts that have never all been there, are not judged yet.
    """

    url: str
    database: str
    accounts: int
    total: int
    mass_rows: int
    looks: int = 0
    failures: int = 0
    violations: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _are_there: bool = False
    _version: int = 0
    _applied: int = 0

    def start(self) -> Self:
        """Begin to look, also before anything is copied."""
        self._thread = threading.Thread(target=self._run, name="reader")
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop looking."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(STOP_TIMEOUT_S)
            assert not self._thread.is_alive(), "The reader does not stop."
            self._thread = None

    def check(self) -> None:
        """Raises AssertionError with what was seen that must not be."""
        assert self.looks > 0, "The reader never saw the target."
        assert not self.violations, f"After {self.looks} looks:\n" + "\n".join(self.violations[:9])

    def _run(self) -> None:
        client: MongoClient[Document] = MongoClient(
            self.url, serverSelectionTimeoutMS=TIMEOUT_MS, socketTimeoutMS=TIMEOUT_MS
        )
        with client:
            pause_s = POLL_S
            while not self._stop.wait(pause_s):
                began = time.monotonic()
                # MongoDB is killed and restarted in some tests: then there is nothing to see.
                try:
                    with client.start_session(snapshot=True) as session:
                        self._look(client, session)
                except PyMongoError:
                    self.failures += 1
                    self._stop.wait(RETRY_S)
                # Where looking is dear, the migration gets most of the machine.
                pause_s = max(POLL_S, 3 * (time.monotonic() - began))

    def _look(self, client: MongoClient[Document], session: ClientSession) -> None:
        database = client[self.database]
        sums = list(database.accounts.aggregate(SUMS, session=session))
        rounds = list(database.masses.aggregate(ROUNDS, session=session))
        applied = sum(
            document.get("transactions", 0)
            for document in client[STATE].positions.find({}, session=session)
        )
        copying = {
            table["table"]
            for table in client[STATE].tables.find({"database": self.database}, session=session)
            if not all(part["done"] for part in table["parts"])
        }
        self.looks += 1
        seen = sums[0] if sums else {"accounts": 0, "balance": 0, "version": 0}
        self._are_there = self._are_there or seen["accounts"] == self.accounts
        if self._are_there and "accounts" not in copying:
            self._judge_accounts(seen)
        if "masses" not in copying:
            self._judge_masses({document["_id"]: document["rows"] for document in rounds})
        if applied < self._applied:
            self._object(f"the applied transactions fell from {self._applied} to {applied}")
        self._applied = applied

    def _judge_accounts(self, seen: Document) -> None:
        if (seen["accounts"], seen["balance"]) != (self.accounts, self.total):
            self._object(f"{seen['accounts']} accounts hold {seen['balance']}")
        if seen["version"] < self._version:
            self._object(f"the accounts' versions fell from {self._version} to {seen['version']}")
        self._version = seen["version"]

    def _judge_masses(self, rounds: dict[int, int]) -> None:
        if len(rounds) > 1 or any(rows != self.mass_rows for rows in rounds.values()):
            self._object(f"the rows of masses are in rounds {dict(sorted(rounds.items()))}")

    def _object(self, text: str) -> None:
        self.violations.append(f"{time.strftime('%H:%M:%S')}: {text}")
