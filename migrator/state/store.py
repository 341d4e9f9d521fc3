"""What the migrator remembers, in a database of its own in the target."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any, Self

from migrator.errors import TargetUnavailable
from migrator.model.batch import BatchId
from migrator.model.collection import CollectionName
from migrator.model.position import Position
from migrator.model.reference import Constraints
from migrator.model.state import Decision, Landed, TableCopy
from migrator.model.table import TableName
from migrator.mongodb.faults import DriverError, is_write_conflict, mapped_errors
from migrator.mongodb.target import Document, MongoCollection, Target
from migrator.settings import Server, Settings
from migrator.state.documents import (
    constraints_document,
    constraints_from,
    decision_document,
    decision_from,
    landed_fields,
    landed_from,
    table_document,
    table_from,
)

COLLECTIONS = (
    "positions", "tables", "dead_letters", "prepared", "processes", "audit", "decisions",
    "foreign_keys", "cascades", "suspects", "recopies",
    "verifications", "again", "differences",
)  # fmt: skip
FOREIGN_KEYS = "all"
EPOCH_TRIES = 200
EPOCH_PATIENCE = 50
EPOCH_RETRY_S = 0.02
WITHDRAW_S = 1.0


class State:
    """The database `_migrator` of the target, or another one that the settings name."""

    def __init__(self, target: Target, database: str) -> None:
        self.target = target
        self._database = database

    @classmethod
    @asynccontextmanager
    async def connect(cls, settings: Settings, command: str) -> AsyncIterator[Self]:
        """The state of the settings' migration; MongoDB's log names the client after `command`.

        It connects when it is first used. Raises `ConfigurationError`.
        """
        url, collections = settings.url(Server.TARGET), settings.collections
        async with Target.connect(url, collections, f"kooch {command}") as target:
            yield cls(target, settings.state_database)

    async def begin_epoch(self, partition: int, start: Position) -> Landed:
        """Raise the partition's epoch, so that batches of older epochs are repeats from now on.

        What has landed stays; if nothing has, `start` becomes the position.
        Raises `StateDamaged`, `TargetUnavailable`.
        """
        for attempt in range(1, EPOCH_TRIES + 1):
            with mapped_errors("begin an epoch"):
                try:
                    return await self._raise_epoch(partition, start)
                except DriverError as error:
                    if attempt == EPOCH_TRIES or not is_write_conflict(error):
                        raise
                if attempt % EPOCH_PATIENCE == 0:
                    # A frozen or dead process holds the position in a transaction. One that
                    # lives loses nothing when its session is ended: it loads the same again.
                    await self.end_owner(await self.positions.find_one({"_id": partition}))
            await asyncio.sleep(EPOCH_RETRY_S * random.uniform(0.5, 1))  # noqa: S311 (no secret)
        raise AssertionError

    async def _raise_epoch(self, partition: int, start: Position) -> Landed:
        same = {"_id": partition}
        async with await self.target.session() as session, session.transaction():
            # The document is written before it is read: then the transaction of a busy loader
            # fails, instead of ours again and again.
            document = await self.positions.find_one_and_update(
                same, {"$inc": {"touched": 1}}, session=session.driver
            )
            old = landed_from(document) if document else None
            old = old or Landed(partition, BatchId(0, 0), start)
            new = replace(old, batch=BatchId(old.batch.epoch + 1, 0), gap=None, part=0)
            fields = {"$set": landed_fields(new)}
            await self.positions.update_one(same, fields, upsert=True, session=session.driver)
            await session.commit()
        return new

    async def end_owner(self, position: Document | None) -> None:
        """End the session of the process that owns the partition of this document, if one does."""
        owner = (position or {}).get("owner") or {}
        if owner.get("session") is not None:
            await self.target.end_session(owner["session"])

    async def landed(self) -> tuple[Landed, ...]:
        """Where each partition stands, in order; raises `StateDamaged`, `TargetError`."""
        with mapped_errors("read the positions"):
            found = await self.positions.find({}).sort("_id", 1).to_list(None)
        return tuple(landed for document in found if (landed := landed_from(document)))

    async def tables(self) -> tuple[TableCopy, ...]:
        """The progress of each table's copy."""
        with mapped_errors("read the tables' progress"):
            found = await self.collection("tables").find({}).sort("_id", 1).to_list(None)
        return tuple(map(table_from, found))

    async def table(self, name: TableName) -> TableCopy | None:
        """The progress of one table's copy."""
        with mapped_errors("read a table's progress"):
            found = await self.collection("tables").find_one({"_id": str(name)})
        return table_from(found) if found else None

    async def save_table(self, copy: TableCopy) -> None:
        """Insert or replace the progress of a table's copy."""
        document = table_document(copy)
        with mapped_errors("store a table's progress"):
            await self.collection("tables").replace_one(
                {"_id": document["_id"]}, document, upsert=True
            )

    async def decision(self, place: str) -> Decision | None:
        """What an operator decided about a place in the source's log, None without a decision."""
        with mapped_errors("read a decision"):
            document = await self.collection("decisions").find_one({"_id": place})
        return decision_from(document) if document else None

    async def decide(self, decision: Decision) -> None:
        """Record what an operator decided."""
        same, document = {"_id": decision.place}, decision_document(decision)
        with mapped_errors("store a decision"):
            await self.collection("decisions").replace_one(same, document, upsert=True)

    async def constraints(self) -> Constraints | None:
        """The foreign keys that were last saved; None before the first time."""
        with mapped_errors("read the foreign keys"):
            document = await self.collection("foreign_keys").find_one({"_id": FOREIGN_KEYS})
        return constraints_from(document) if document else None

    async def save_constraints(self, constraints: Constraints) -> None:
        """Store the foreign keys that the stream looks for from here on."""
        document = {"_id": FOREIGN_KEYS, **constraints_document(constraints)}
        with mapped_errors("store the foreign keys"):
            await self.collection("foreign_keys").replace_one(
                {"_id": FOREIGN_KEYS}, document, upsert=True
            )

    async def has_dead_letters_without_key(self, table: TableName) -> bool:
        """Whether rows of the table were refused because of their keys."""
        same = {"table": str(table), "key": None}
        with mapped_errors("look for dead letters"):
            return await self.collection("dead_letters").find_one(same, {"_id": 1}) is not None

    async def dead_letter_counts(self) -> dict[str, int]:
        """How many rows of each table were not carried over."""
        counted = {"$group": {"_id": "$table", "count": {"$sum": 1}}}
        with mapped_errors("count the dead letters"):
            found = await self.collection("dead_letters").aggregate([counted]).to_list(None)
        return {row["_id"]: row["count"] for row in sorted(found, key=lambda row: row["_id"])}

    async def suspect_count(self) -> int:
        """How many cascades left rows that have not been read again yet."""
        with mapped_errors("count the suspects"):
            return int(await self.collection("suspects").count_documents({}))

    async def report(self, role: str, document: dict[str, Any]) -> None:
        """Store a process's latest status under its role, with the server's time as `at`."""
        merged = {"$mergeObjects": [{"$literal": document}, {"_id": role, "at": "$$NOW"}]}
        with mapped_errors("store a status"):
            await self.collection("processes").update_one(
                {"_id": role}, [{"$replaceWith": merged}], upsert=True
            )

    @asynccontextmanager
    async def reporting(self, role: str) -> AsyncIterator[None]:
        """At the end this process's status is withdrawn, so that it no longer counts as alive."""
        try:
            yield
        finally:
            with suppress(TargetUnavailable, TimeoutError), mapped_errors("withdraw a status"):
                async with asyncio.timeout(WITHDRAW_S):
                    own = {"_id": role, "pid": os.getpid()}
                    await self.collection("processes").delete_one(own)

    async def reports(self) -> dict[str, Document]:
        """The latest status of each role, with its time as `at`."""
        with mapped_errors("read the processes' status"):
            found = await self.collection("processes").find({}).to_list(None)
        return {document.pop("_id"): document for document in found}

    @property
    def positions(self) -> MongoCollection:
        """One document per partition."""
        return self.collection("positions")

    def collection(self, name: str) -> MongoCollection:
        """A collection of the state, with majority reads and durable writes."""
        return self.target.collection(self.name_of(name))

    def name_of(self, name: str) -> CollectionName:
        """Where a collection of the state is."""
        return CollectionName(self._database, name)

    async def ensure(self) -> None:
        """Create the collections of the state that are missing, and their indexes."""
        await self.target.ensure(*(CollectionName(self._database, name) for name in COLLECTIONS))
        with mapped_errors("create an index of the dead letters"):
            await self.collection("dead_letters").create_index([("table", 1), ("key", 1)])
