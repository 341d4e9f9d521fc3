"""MongoDB: the connection, and what `_migrator`, a database in it, remembers.

The one file that imports motor. `writer.py` loads batches through what is opened
here; the driver's errors become ours in both (`faults.py`).
"""

import asyncio
import random
from dataclasses import dataclass, replace
from typing import Any, Self

from bson.raw_bson import DEFAULT_RAW_BSON_OPTIONS
from motor.motor_asyncio import (
    AsyncIOMotorClient,
    AsyncIOMotorClientSession,
    AsyncIOMotorCollection,
    AsyncIOMotorDatabase,
)
from pymongo.errors import ConnectionFailure, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from migrator.errors import ConfigurationError, TargetError
from migrator.model.batch import BatchId
from migrator.model.collection import CollectionMap, CollectionName
from migrator.model.position import Position
from migrator.model.state import Decision, Landed, TableCopy
from migrator.model.table import TableName
from migrator.mongodb.faults import NAMESPACE_EXISTS, mapped, yields
from migrator.state.documents import (
    Document,
    decision_document,
    decision_from,
    landed_fields,
    landed_from,
    table_document,
    table_from,
)

STATE = "_migrator"
COLLECTIONS = (
    "positions", "tables", "dead_letters", "prepared", "processes", "audit", "decisions",
)  # fmt: skip
SELECTION_TIMEOUT_MS = 5_000
CONNECT_TIMEOUT_MS = 5_000
SOCKET_TIMEOUT_MS = 30_000
BLOCKED_MS = 1_000
EPOCH_TRIES = 200
EPOCH_PATIENCE = 50
EPOCH_RETRY_S = 0.02
OLDEST_VERSION = (5, 0)
DURABLE = WriteConcern(w="majority", j=True)
MAJORITY = ReadConcern("majority")
SNAPSHOT = ReadConcern("snapshot")
RAW = DEFAULT_RAW_BSON_OPTIONS
Session = AsyncIOMotorClientSession


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """What `check` found: the server's version and the name of its replica set."""

    version: tuple[int, ...]
    replica_set: str


class Target:
    """The target server. Use it as `async with Target.connect(...) as target`."""

    def __init__(
        self, client: "AsyncIOMotorClient[Document]", collections: CollectionMap, state: str = STATE
    ) -> None:
        self.client = client
        self.collections = collections
        self._state = state
        self._known: set[CollectionName] = set()

    @classmethod
    def connect(cls, url: str, collections: CollectionMap, app: str, state: str = STATE) -> Self:
        """A client that connects when it is first used; raises `ConfigurationError`.

        `app` is the name under which the server's log and `currentOp` show it. `state`
        is the database that remembers; each migration into one target has its own.
        """
        try:
            client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
                url,
                appname=app,
                tz_aware=True,
                serverSelectionTimeoutMS=SELECTION_TIMEOUT_MS,
                connectTimeoutMS=CONNECT_TIMEOUT_MS,
                socketTimeoutMS=SOCKET_TIMEOUT_MS,
            )
        except (PyMongoError, ValueError) as error:
            # What the driver says of it may repeat a part of the password.
            raise ConfigurationError(
                "The target's URL cannot be read. It is mongodb://HOST:PORT/?replicaSet=NAME, and "
                "special characters of the password are written as %XX (/ is %2F, @ is %40)."
            ) from error
        return cls(client, collections, state)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.client.close()

    async def check(self) -> TargetFacts:
        """Raises `TargetError` unless the server has transactions."""
        with mapped("describe itself"):
            hello = await self.client.admin.command("hello")
            build = await self.client.admin.command("buildInfo")
        version = tuple(build["versionArray"][:3])
        name = hello.get("setName", "")
        if not name and hello.get("msg") != "isdbgrid":
            raise TargetError(
                "The target is a standalone MongoDB server, which has no transactions. Start it "
                "with --replSet and run rs.initiate() once; one member is enough."
            )
        if version < OLDEST_VERSION:
            raise TargetError(
                f"The target is MongoDB {build['version']}; the migrator needs "
                f"{'.'.join(map(str, OLDEST_VERSION))} or newer."
            )
        return TargetFacts(version, name)

    async def begin_epoch(self, partition: int, start: Position) -> Landed:
        """Raise the partition's epoch, so that batches of older ones are repeats from now on.

        What landed stays; without anything landed yet, `start` is the position.
        Raises `StateDamaged`, `TargetUnavailable`.
        """
        for attempt in range(1, EPOCH_TRIES + 1):
            with mapped("begin an epoch"):
                try:
                    return await self._raise_epoch(partition, start)
                except (OperationFailure, ConnectionFailure) as error:
                    if attempt == EPOCH_TRIES or not yields(error):
                        raise
                if attempt % EPOCH_PATIENCE == 0:
                    # A frozen or dead loader holds the position in a transaction. One that
                    # lives loses nothing by our ending it: it begins the same step again.
                    await self.end_session(await self._owner(partition))
            await asyncio.sleep(EPOCH_RETRY_S * random.uniform(0.5, 1))  # noqa: S311 (no secret)
        raise AssertionError

    async def _raise_epoch(self, partition: int, start: Position) -> Landed:
        same = {"_id": partition}
        async with await self.session() as session, session.start_transaction(SNAPSHOT, DURABLE):
            # Touched before it is read: then a loader that is busy gives way to us, not
            # we to it again and again.
            document = await self.positions.find_one_and_update(
                same, {"$inc": {"touched": 1}}, session=session
            )
            old = landed_from(document) if document else None
            old = old or Landed(partition, BatchId(0, 0), start)
            new = replace(old, stamp=BatchId(old.stamp.epoch + 1, 0), gap=None)
            fields = {"$set": landed_fields(new)}
            await self.positions.update_one(same, fields, upsert=True, session=session)
        return new

    async def _owner(self, partition: int) -> Document | None:
        document = await self.positions.find_one({"_id": partition})
        return (document or {}).get("owner")

    async def landed(self) -> tuple[Landed, ...]:
        """Where each partition stands, in order; raises `StateDamaged`."""
        with mapped("read the positions"):
            found = await self.positions.find({}).sort("_id", 1).to_list(None)
        return tuple(landed for document in found if (landed := landed_from(document)))

    async def tables(self) -> tuple[TableCopy, ...]:
        """The progress of each table's copy."""
        with mapped("read the tables' progress"):
            found = await self.state("tables").find({}).sort("_id", 1).to_list(None)
        return tuple(map(table_from, found))

    async def save_table(self, state: TableCopy) -> None:
        """Insert or replace the progress of a table's copy."""
        document = table_document(state)
        with mapped("store a table's progress"):
            await self.state("tables").replace_one({"_id": document["_id"]}, document, upsert=True)

    async def strangers(self, place: CollectionName) -> str:
        """Why the collection cannot be ours: it holds documents already; "" if it is empty."""
        with mapped(f"look into the collection {place}"):
            found = await self.client[place.database][place.collection].find_one({}, {"_id": 1})
        if found is None:
            return ""
        return (
            f"The collection {place} holds documents that this migration did not write. To fix "
            "it: drop it or rename it, or set take_over = true, which deletes its documents."
        )

    async def decision(self, place: str) -> Decision | None:
        """What an operator decided about a place of the source's log."""
        with mapped("read a decision"):
            document = await self.state("decisions").find_one({"_id": place})
        return decision_from(document) if document else None

    async def decide(self, decision: Decision) -> None:
        """Record what an operator decided."""
        same = {"_id": decision.place}
        with mapped("store a decision"):
            await self.state("decisions").replace_one(
                same, decision_document(decision), upsert=True
            )

    async def has_letters_without_key(self, table: TableName) -> bool:
        """Whether rows of the table were refused because of their keys."""
        same = {"table": str(table), "key": None}
        with mapped("look for dead letters"):
            return await self.state("dead_letters").find_one(same, {"_id": 1}) is not None

    async def dead_letter_tables(self) -> dict[str, int]:
        """How many rows of each table were not carried over."""
        counted = {"$group": {"_id": "$table", "count": {"$sum": 1}}}
        with mapped("count the dead letters"):
            found = await self.state("dead_letters").aggregate([counted]).to_list(None)
        return {row["_id"]: row["count"] for row in sorted(found, key=lambda row: row["_id"])}

    async def report(self, role: str, document: dict[str, Any]) -> None:
        """Store a process's latest status under its role, with the server's time as `at`."""
        merged = {"$mergeObjects": [{"$literal": document}, {"_id": role, "at": "$$NOW"}]}
        with mapped("store a status"):
            await self.state("processes").update_one(
                {"_id": role}, [{"$replaceWith": merged}], upsert=True
            )

    async def reports(self) -> dict[str, Document]:
        """The latest status of each role, with its time as `at`."""
        with mapped("read the processes' status"):
            found = await self.state("processes").find({}).to_list(None)
        return {document.pop("_id"): document for document in found}

    @property
    def positions(self) -> "AsyncIOMotorCollection[Document]":
        """One document per partition."""
        return self.state("positions")

    def state(self, name: str) -> "AsyncIOMotorCollection[Document]":
        """A collection of `_migrator`: majority reads, durable writes."""
        return self.client[self._state].get_collection(
            name, read_concern=MAJORITY, write_concern=DURABLE
        )

    def database(self, name: str) -> "AsyncIOMotorDatabase[Document]":
        """A database of the target."""
        return self.client[name]

    async def session(self) -> Session:
        """A session of one writer."""
        return await self.client.start_session(causal_consistency=False)

    async def ensure(self, *places: CollectionName) -> None:
        """Create collections that are missing: in a transaction, creation blocks others."""
        for place in places:
            if place not in self._known:
                with mapped(f"create the collection {place}"):
                    await self._create(place)
                self._known.add(place)

    async def _create(self, place: CollectionName) -> None:
        try:
            await self.client[place.database].command({"create": place.collection})
        except OperationFailure as error:
            if error.code != NAMESPACE_EXISTS:
                raise

    async def ensure_state(self) -> None:
        """Create the collections of `_migrator`."""
        await self.ensure(*(CollectionName(self._state, name) for name in COLLECTIONS))
        with mapped("create an index of the dead letters"):
            await self.state("dead_letters").create_index([("table", 1), ("key", 1)])

    async def end_session(self, owner: Document | None) -> None:
        """End an owner's session at the server, and the transaction that it may hold open."""
        if owner and owner.get("session") is not None:
            await self.client.admin.command("killSessions", [{"id": owner["session"]}])
