"""One partition's writer: it moves the position together with the rows, or neither."""

import asyncio
import os
from dataclasses import dataclass, replace
from enum import Enum
from typing import Self

from pymongo.errors import (
    DocumentTooLarge,
    OperationFailure,
    PyMongoError,
)

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
from migrator.mongodb.faults import COMMAND_REFUSALS, REFUSALS, UNKNOWN_COMMIT, mapped
from migrator.mongodb.target import DURABLE, RAW, SNAPSHOT, Session, Target
from migrator.runtime.failpoints import Point, reached
from migrator.state.documents import Document, landed_fields, landed_from

COMMIT_TRIES = 3
COMMIT_RETRY_S = 0.1
COMMIT_MS = 20_000
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

    def __init__(self, target: Target, partition: int, session: Session, epoch: int) -> None:
        self._target = target
        self._partition = partition
        self._session = session
        self._epoch = epoch
        self._lettered: set[str] = set()

    @classmethod
    async def own(cls, target: Target, partition: int) -> Self:
        """Take the partition over from whoever has it.

        Raises `TargetUnavailable` when somebody else holds it against ten attempts.
        """
        session, epoch = await take_over(target, partition)
        writer = cls(target, partition, session, epoch)
        writer._lettered.update(await target.dead_letter_tables())
        return writer

    async def landed(self) -> Landed:
        """Where the partition stands; raises `Fenced`, `StateDamaged`."""
        with mapped("read a position"):
            document = await self._target.positions.find_one({"_id": self._partition})
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
        with mapped(f"load rows of {', '.join(map(str, places[:TABLES_TOLD])) or 'no table'}"):
            self._begin()
            try:
                fault = await self._change_tables(work)
                if fault is not None:
                    return fault
                await self._remember(work)
                if not await self._move(work.before, work.after):
                    return Outcome.MOVED
                reached(Point.IN_TRANSACTION)
                await self._commit()
            finally:
                await self._abort()
        reached(Point.AFTER_LOAD)
        return Outcome.LANDED

    async def probe(self, write: Write) -> bool:
        """Whether MongoDB refuses a row of it; nothing is written."""
        with mapped("try a batch"):
            self._begin()
            try:
                return await self._write(write) is not None
            finally:
                await self._abort()

    async def clear(self, table: TableName, landed: Landed) -> bool:
        """Delete all documents of a large collection, before the step that ends it.

        Bounded transactions, each of which touches the position: one that was begun
        before a successor took over fails. False: the position was not where we believed.
        """
        database, name = self._target.collections.collection_of(table)
        collection = self._target.database(database).get_collection(name, codec_options=RAW)
        with mapped("empty a collection"):
            if await collection.estimated_document_count() <= EMPTIED_AT_ONCE_MAX:
                return True
            while True:
                self._begin()
                try:
                    some = collection.find({}, {"_id": 1}, session=self._session)
                    keys = [bytes(row.raw) async for row in some.limit(EMPTIED_PER_TRANSACTION)]
                    if not keys:
                        return True
                    await self._write(Write.deleting(table, keys))
                    if not await self._move(landed, landed, touch=1):
                        return False
                    await self._commit()
                finally:
                    await self._abort()

    async def prepared(self, xid: str) -> list[Batch]:
        """What was kept aside of a distributed transaction."""
        same = {"partition": self._partition, "xid": xid}
        with mapped("read a prepared transaction"):
            found = await self._target.state("prepared").find(same).sort("_id", 1).to_list(None)
        return prepared_batches(found)

    async def mark_gap(self, landed: Landed, reason: str) -> Landed:
        """Ask for a new epoch from what landed on; returns where the partition stands."""
        with mapped("note a gap"):
            await self._target.positions.update_one(
                self._standing(landed), {"$set": landed_fields(replace(landed, gap=reason))}
            )
        return await self.landed()

    async def _change_tables(self, work: Work) -> Fault | None:
        for table in work.emptied:
            database, name = self._target.collections.collection_of(table)
            await self._target.database(database)[name].delete_many({}, session=self._session)
        for write in work.writes():
            fault = await self._write(write)
            if fault is not None:
                return fault
        return None

    async def _write(self, write: Write) -> Fault | None:
        database, name = self._target.collections.collection_of(write.table)
        try:
            reply = await self._target.database(database).command(
                write.document(name), session=self._session
            )
        except DocumentTooLarge:
            return Fault(write, None, COMMAND_REFUSALS[0])
        except OperationFailure as error:
            if error.code not in COMMAND_REFUSALS:
                raise
            return Fault(write, None, error.code)
        for refused in reply.get("writeErrors", ()):
            if refused["code"] not in REFUSALS:
                raise OperationFailure(refused["errmsg"], refused["code"], refused)
            return Fault(write, refused["index"], refused["code"])
        return None

    async def _remember(self, work: Work) -> None:
        """Everything else that becomes true with the rows."""
        state, session = self._target.state, self._session
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
        result = await self._target.positions.update_one(
            self._standing(before), change, session=self._session
        )
        return result.matched_count == 1

    def _standing(self, landed: Landed) -> Document:
        """The filter that finds the position only where we believe it is, and as ours."""
        return {
            "_id": self._partition,
            "epoch": landed.stamp.epoch,
            "sequence": landed.stamp.sequence,
            "owner.epoch": self._epoch,
        }

    def _begin(self) -> None:
        # On the transaction itself: what a collection or a database says is ignored in one.
        self._session.start_transaction(SNAPSHOT, DURABLE, max_commit_time_ms=COMMIT_MS)

    async def _commit(self) -> None:
        """Commit, and ask again while the answer is unknown."""
        for _ in range(COMMIT_TRIES - 1):
            try:
                await self._session.commit_transaction()
            except PyMongoError as error:
                if not error.has_error_label(UNKNOWN_COMMIT):
                    raise
                await asyncio.sleep(COMMIT_RETRY_S)
            else:
                return
        await self._session.commit_transaction()

    async def _abort(self) -> None:
        if self._session.delegate.in_transaction:
            await self._session.abort_transaction()
