"""A partition to load into: the batches of a source that counts, and what arrived."""

from dataclasses import dataclass, field
from typing import Any

import bson
from motor.motor_asyncio import AsyncIOMotorClient

from migrator.load.partition import LoadCounters, OwnedPartition
from migrator.load.sequencing import AtomicLimits
from migrator.model.batch import Batch, BatchId
from migrator.model.position import Position
from migrator.model.rows import Operation, TableChanges
from migrator.model.state import Landed
from migrator.model.table import TableName
from migrator.state.store import State

PARTITION = 3
Document = dict[str, Any]


@dataclass
class Scene:
    """One target of a test's own, and the next batches for it."""

    state: State
    client: "AsyncIOMotorClient[Document]"
    database: str
    epoch: int = 1
    sequence: int = 0
    made: list[Batch] = field(default_factory=list)
    counters: LoadCounters = field(default_factory=LoadCounters)

    async def begin(self) -> Landed:
        """Begin an epoch, as capture does."""
        landed = await self.state.begin_epoch(PARTITION, Position(file="binlog.000001"))
        self.epoch, self.sequence = landed.batch
        return landed

    async def own(
        self, partition: int = PARTITION, limits: AtomicLimits | None = None
    ) -> OwnedPartition:
        """Own a partition, as a process of apply does."""
        limits = limits or AtomicLimits()
        return await OwnedPartition.own(self.state, partition, limits, self.counters)

    def table(self, name: str = "orders") -> TableName:
        """A table of the source."""
        return TableName(self.database, name)

    def changes(self, operation: Operation, *rows: Document, table: str = "orders") -> TableChanges:
        """Changes of rows; each row names its `_id` first."""
        return TableChanges(
            self.table(table), operation, b"".join(map(bson.encode, rows)), len(rows)
        )

    def copy(self, *rows: Document, table: str = "orders") -> TableChanges:
        return self.changes(Operation.INSERT, *rows, table=table)

    def put(self, *rows: Document, table: str = "orders") -> TableChanges:
        return self.changes(Operation.PUT, *rows, table=table)

    def delete(self, *keys: Any, table: str = "orders") -> TableChanges:
        return self.changes(Operation.DELETE, *({"_id": key} for key in keys), table=table)

    def empty(self, table: str = "orders") -> TableChanges:
        return self.changes(Operation.EMPTY, table=table)

    def batch(self, *changes: TableChanges, complete: bool = True, **fields: Any) -> Batch:
        """The batch after the one before."""
        follows = BatchId(self.epoch, self.sequence)
        self.sequence += 1
        made = Batch(
            partition=PARTITION,
            follows=follows,
            id=BatchId(self.epoch, self.sequence),
            position=Position(file="binlog.000001", offset=self.epoch * 1000 + self.sequence),
            complete=complete,
            changes=changes,
            committed_at=1_000 + self.sequence,
            transactions=fields.pop("transactions", int(complete)),
            **fields,
        )
        self.made.append(made)
        return made

    async def rows(self, table: str = "orders") -> list[Document]:
        """The documents of a table's collection, by `_id`."""
        found = self.client[self.database][table].find({}).sort("_id", 1)
        return [row async for row in found]

    async def documents(self, name: str) -> list[Document]:
        """The documents of a collection of `_migrator`."""
        return [row async for row in self.state.collection(name).find({}).sort("_id", 1)]

    async def landed(self) -> Landed:
        """Where the partition stands."""
        (landed,) = await self.state.landed()
        return landed
