"""One partition's writer: it moves the position together with the rows, or neither."""

import os
from dataclasses import dataclass, replace
from enum import Enum
from typing import Self

from migrator.errors import Fenced, StateDamaged
from migrator.load.commands import Write
from migrator.load.ownership import take_over
from migrator.load.transaction import (
    Work,
    audit_documents,
    emptied_update,
    gone_letters,
    letter_documents,
    prepared_batches,
    prepared_documents,
    progress_update,
    settled_letters,
)
from migrator.model.batch import Batch, BatchId
from migrator.model.position import Position
from migrator.model.state import Landed
from migrator.model.table import TableName
from migrator.mongodb.faults import mapped_errors
from migrator.mongodb.session import Session
from migrator.mongodb.target import Document
from migrator.runtime.failpoints import Point, failpoint
from migrator.state.documents import landed_fields, landed_from
from migrator.state.store import State

TABLES_TOLD = 5
EMPTIED_AT_ONCE_MAX = 20_000
EMPTIED_PER_TRANSACTION = 5_000
AUDIT = os.environ.get("MIGRATOR_AUDIT") == "1"


class Outcome(Enum):
    """What became of a transaction that MongoDB did not object to."""

    LANDED = "landed"
    MOVED = "moved"  # The position was not where we believed; nothing was written.


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that MongoDB refuses, so that nothing was written; index None: one of them."""

    write: Write
    index: int | None
    code: int


class Writer:
    """Loads one partition; made by `own`."""

    def __init__(self, state: State, partition: int, session: Session, epoch: int) -> None:
        self._state = state
        self._target = state.target
        self._partition = partition
        self._session = session
        self._epoch = epoch
        self._lettered: set[str] = set()

    @classmethod
    async def own(cls, state: State, partition: int) -> Self:
        """Take the partition over from whoever has it.

        Raises `TargetUnavailable` when somebody else holds it against ten attempts.
        """
        session, epoch = await take_over(state, partition)
        writer = cls(state, partition, session, epoch)
        writer._lettered.update(await state.dead_letter_counts())
        return writer

    async def landed(self) -> Landed:
        """Where the partition stands; raises `Fenced`, `StateDamaged`."""
        with mapped_errors("read a position"):
            document = await self._state.positions.find_one({"_id": self._partition})
        if document is None:
            raise StateDamaged(
                f"The position of partition {self._partition} is gone from _migrator.positions: "
                "somebody removed it. Restore it from a backup, or migrate anew."
            )
        if document.get("owner", {}).get("epoch") != self._epoch:
            raise Fenced(
                f"Another process has taken over partition {self._partition}. Run only one apply "
                "for each partition, or let the others stand by."
            )
        return landed_from(document) or Landed(self._partition, BatchId(0, 0), Position())

    async def land(self, work: Work) -> Outcome | Fault:
        """Load the work and move the position, both or neither.

        Raises `TargetUnavailable` when that may succeed later, or may have succeeded:
        the position tells.
        """
        places = [self._target.collections.collection_of(table) for table in work.step.tables]
        await self._target.ensure(*places)
        with mapped_errors(
            f"load rows of {', '.join(map(str, places[:TABLES_TOLD])) or 'no table'}"
        ):
            async with self._session.transaction():
                fault = await self._change_tables(work)
                if fault is not None:
                    return fault
                await self._remember(work)
                if not await self._move(work.before, work.after):
                    return Outcome.MOVED
                failpoint(Point.IN_TRANSACTION)
                await self._session.commit()
        failpoint(Point.AFTER_LOAD)
        return Outcome.LANDED

    async def probe(self, write: Write) -> bool:
        """Whether MongoDB refuses a row of it; nothing is written."""
        with mapped_errors("try a batch"):
            async with self._session.transaction():
                return await self._write(write) is not None

    async def clear(self, table: TableName, landed: Landed) -> bool:
        """Delete all documents of a large collection, before the step that ends it.

        Bounded transactions, each of which touches the position: one that was begun
        before a successor took over fails. False: the position was not where we believed.
        """
        collection = self._target.collections.collection_of(table)
        with mapped_errors("empty a collection"):
            count = await self._target.collection(collection).estimated_document_count()
            if count <= EMPTIED_AT_ONCE_MAX:
                return True
            while True:
                async with self._session.transaction():
                    keys = await self._target.keys(
                        collection, self._session, EMPTIED_PER_TRANSACTION
                    )
                    if not keys:
                        return True
                    await self._write(Write.deleting(table, keys))
                    if not await self._move(landed, landed, touch=1):
                        return False
                    await self._session.commit()

    async def prepared(self, xid: str) -> list[Batch]:
        """What was kept aside of a distributed transaction."""
        same = {"partition": self._partition, "xid": xid}
        with mapped_errors("read a prepared transaction"):
            found = await self._state.collection("prepared").find(same).sort("_id", 1).to_list(None)
        return prepared_batches(found)

    async def mark_gap(self, landed: Landed, reason: str) -> Landed:
        """Ask for a new epoch from what landed on; returns where the partition stands."""
        with mapped_errors("note a gap"):
            await self._state.positions.update_one(
                self._standing(landed), {"$set": landed_fields(replace(landed, gap=reason))}
            )
        return await self.landed()

    async def _change_tables(self, work: Work) -> Fault | None:
        for table in work.emptied:
            collection = self._target.collection(self._target.collections.collection_of(table))
            await collection.delete_many({}, session=self._session.driver)
        for write in work.writes():
            fault = await self._write(write)
            if fault is not None:
                return fault
        return None

    async def _write(self, write: Write) -> Fault | None:
        database, name = self._target.collections.collection_of(write.table)
        refusal = await self._target.write(database, write.document(name), self._session)
        return Fault(write, refusal.index, refusal.code) if refusal else None

    async def _remember(self, work: Work) -> None:
        """Everything else that becomes true with the rows."""
        state, session = self._state.collection, self._session.driver
        for progress in work.progress:
            await state("tables").update_one(*progress_update(progress), session=session)
        for settled in settled_letters(work.step, self._lettered):
            await state("dead_letters").delete_many(settled, session=session)
        for gone in gone_letters(work.step):
            # Several may look the same, and one of them has gone.
            await state("dead_letters").delete_one(gone, session=session)
        for table in work.emptied:
            await state("tables").update_one(*emptied_update(table, work.batches), session=session)
        self._lettered.update(str(letter.table) for letter in work.step.dead_letters)
        inserted = {
            "dead_letters": letter_documents(work.step.dead_letters, work.after),
            "prepared": [row for batch in work.kept_aside for row in prepared_documents(batch)],
            "audit": audit_documents(work.batches) if AUDIT else [],
        }
        for name, documents in inserted.items():
            if documents:
                await state(name).insert_many(documents, session=session)
        for xid in work.decided:
            same = {"partition": self._partition, "xid": xid}
            await state("prepared").delete_many(same, session=session)

    async def _move(self, before: Landed, after: Landed, touch: int = 0) -> bool:
        """Whether the position was where we believed, and ours; then it is moved."""
        change = {"$set": landed_fields(after), "$inc": {"touched": touch}}
        result = await self._state.positions.update_one(
            self._standing(before), change, session=self._session.driver
        )
        return result.matched_count == 1

    def _standing(self, landed: Landed) -> Document:
        """The filter that finds the position only where we believe it is, and as ours."""
        return {
            "_id": self._partition,
            "epoch": landed.batch.epoch,
            "sequence": landed.batch.sequence,
            "owner.epoch": self._epoch,
        }
