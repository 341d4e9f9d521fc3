"""The writer of one partition: it moves the position together with the rows, or neither."""

from collections import deque
from dataclasses import dataclass, replace
from enum import Enum
from typing import Self

from migrator.errors import Fenced, StateDamaged, TargetError
from migrator.load.cascades.carrying_out import Cascades
from migrator.load.cascades.dead_letters import DeadRows
from migrator.load.cascades.tasks import Task
from migrator.load.cascades.worklist import Worklist
from migrator.load.changes.commands import WriteCommand
from migrator.load.judging.judge import Judge
from migrator.load.ownership import Ownership, take_over
from migrator.load.recorder import Recorder
from migrator.load.records import prepared_batches
from migrator.load.transaction import LoadTransaction, Stage
from migrator.model.batch import Batch, BatchId
from migrator.model.position import Position
from migrator.model.rows import Operation, TableChanges
from migrator.model.state import Landed
from migrator.model.table import TableName
from migrator.mongodb.faults import DUPLICATE_KEY, mapped_errors
from migrator.mongodb.target import Document, Refusal
from migrator.runtime.failpoints import Point, failpoint
from migrator.state.documents import landed_fields, landed_from
from migrator.state.store import State

TABLES_NAMED_MAX = 5
CASCADED_ROWS_MAX = 20_000
CASCADED_PER_STEP = 5_000
EMPTIED_AT_ONCE_MAX = 20_000
EMPTIED_PER_TRANSACTION = 5_000


class Outcome(Enum):
    """What became of a transaction that MongoDB did not object to."""

    LANDED = "landed"
    MOVED = "moved"  # The position was not where we believed; nothing was written.
    TOO_LARGE = "too large"  # Foreign keys change more rows than one transaction takes.


@dataclass(frozen=True, slots=True)
class Fault:
    """MongoDB refuses a row of the command, so that nothing was written.

    `index` says which row; None: MongoDB does not say.
    """

    stage: Stage
    command: WriteCommand
    index: int | None
    code: int

    @property
    def is_duplicate_insert(self) -> bool:
        """Whether an inserted row, or its value of a unique index, is in the collection already."""
        return self.code == DUPLICATE_KEY and self.command.operation is Operation.INSERT


class PartitionWriter:
    """Writes to the tables and the state of one partition; `own` makes it."""

    def __init__(self, state: State, ownership: Ownership, recorder: Recorder) -> None:
        self._state = state
        self._cascades = Cascades(state, ownership.session, recorder.dead_rows)
        self._target = state.target
        self._judge = Judge(state, ownership.session)
        self._worklist = Worklist(state, ownership.partition)
        self._partition = ownership.partition
        self._epoch = ownership.epoch
        self._session = ownership.session
        self._recorder = recorder

    @classmethod
    async def own(cls, state: State, partition: int) -> Self:
        """Take the partition over from the process that owns it.

        Raises `TargetUnavailable` when another process holds it against ten attempts.
        """
        ownership = await take_over(state, partition)
        dead_rows = DeadRows(state, set(await state.dead_letter_counts()))
        return cls(state, ownership, Recorder(state, ownership, dead_rows))

    async def landed(self) -> Landed:
        """Where the partition stands; raises `Fenced`, `StateDamaged`."""
        with mapped_errors("read a position"):
            document = await self._state.positions.find_one({"_id": self._partition})
        if document is None:
            raise StateDamaged(
                f"The position of partition {self._partition} is missing in _migrator.positions: "
                "somebody removed it. Restore it from a backup, or begin the migration again."
            )
        if document.get("owner", {}).get("epoch") != self._epoch:
            raise Fenced(
                f"Another process has taken over partition {self._partition}. Run only one apply "
                "for each partition, or let the others stand by."
            )
        return landed_from(document) or Landed(self._partition, BatchId(0, 0), Position())

    async def land(self, transaction: LoadTransaction) -> Outcome | Fault:
        """Load the rows and move the position, both or neither.

        A distributed transaction, which has no parts, may change any number of rows.

        Raises `TargetUnavailable` when that may succeed later, or may have succeeded:
        the position shows which.
        """
        collection_of = self._target.collections.collection_of
        collections = list(map(collection_of, transaction.tables))
        await self._target.ensure(*collections)
        await self._cascades.prepare(transaction.references)
        rows_max = None if transaction.decided else CASCADED_ROWS_MAX
        names = ", ".join(map(str, collections[:TABLES_NAMED_MAX]))
        with mapped_errors(f"load rows of {names or 'no table'}"):
            async with self._session.transaction():
                for stage in transaction.stages:
                    fault = await self._change_tables(transaction, stage)
                    if fault is not None:
                        return fault
                    await self._recorder.settle_dead_letters(stage.coalesced, transaction.after)
                    tasks = await self._cascades.first_tasks(stage.cascades)
                    await self._cascades.carry_out(tasks, rows_max)
                    if tasks:
                        return Outcome.TOO_LARGE
                await self._recorder.record(transaction)
                if transaction.checked is not None:
                    await self._judge.judge(transaction.checked)
                if not await self._move(transaction.before, transaction.after):
                    return Outcome.MOVED
                failpoint(Point.IN_TRANSACTION)
                await self._session.commit()
        failpoint(Point.AFTER_LOAD)
        return Outcome.LANDED

    async def cascade(self, cascade: TableChanges, before: Landed, after: Landed) -> bool:
        """Carry out one cascade in steps, and move the position past it with the last one.

        Each step is a transaction, which also remembers what is left to do. False: the position
        was not at `before`.
        """
        with mapped_errors("look for what foreign keys did"):
            tasks = await self._cascades.first_tasks([cascade])
        while await self._step(tasks, before, after):
            if not tasks:
                return True
        return False

    async def finish_cascade(self) -> Landed:
        """Do what an interrupted cascade has left; returns where the partition stands."""
        landed = await self.landed()
        while tasks := await self._worklist.load():
            await self._cascades.prepare({task.reference for task in tasks})
            while tasks and await self._step(tasks, landed, landed):
                pass
            landed = await self.landed()
        return landed

    async def _step(self, tasks: deque[Task], before: Landed, after: Landed) -> bool:
        """Take some rows from the tasks; with the last ones, move the position."""
        with mapped_errors("carry out what foreign keys did"):
            async with self._session.transaction():
                await self._cascades.carry_out(tasks, CASCADED_PER_STEP)
                await self._worklist.save(tasks, self._session)
                if not await self._move(before, before if tasks else after, touch=1):
                    return False
                failpoint(Point.IN_TRANSACTION)
                await self._session.commit()
        return True

    async def is_refused(self, command: WriteCommand) -> bool:
        """Whether MongoDB refuses a row of the command; nothing is written."""
        with mapped_errors("try a batch"):
            async with self._session.transaction():
                return await self._write(command) is not None

    async def clear(self, table: TableName, landed: Landed) -> bool:
        """Delete the documents of a large collection, before the transaction that empties it.

        This takes several transactions of bounded size. Each of them touches the position, so
        that one which was begun before a successor took over fails. A small collection is left
        to the transaction itself. False: the position is not at `landed`.
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
                    await self._write(WriteCommand.deleting(table, keys))
                    if not await self._move(landed, landed, touch=1):
                        return False
                    await self._session.commit()

    async def prepared(self, xid: str) -> list[Batch]:
        """The batches of a distributed transaction that were kept aside.

        Raises `TargetError` if there are none.
        """
        same = {"partition": self._partition, "xid": xid}
        with mapped_errors("read a prepared transaction"):
            found = await self._state.collection("prepared").find(same).sort("_id", 1).to_list(None)
        if not found:
            raise TargetError(
                f"The distributed transaction {xid} was committed, but it was prepared before the "
                "migration began, so its rows are not known. The tables that it changed must be "
                "copied again."
            )
        return prepared_batches(found)

    async def mark_gap(self, landed: Landed, reason: str) -> Landed:
        """Ask capture for a new epoch that continues from `landed`; where the partition stands."""
        with mapped_errors("record a gap"):
            await self._state.positions.update_one(
                self._position_filter(landed), {"$set": landed_fields(replace(landed, gap=reason))}
            )
        return await self.landed()

    async def _change_tables(self, transaction: LoadTransaction, stage: Stage) -> Fault | None:
        for table in stage.coalesced.emptied:
            collection = self._target.collection(self._target.collections.collection_of(table))
            await collection.delete_many({}, session=self._session.driver)
        for command in transaction.commands(stage):
            refusal = await self._write(command)
            if refusal is not None:
                return Fault(stage, command, refusal.index, refusal.code)
        return None

    async def _write(self, command: WriteCommand) -> Refusal | None:
        database, name = self._target.collections.collection_of(command.table)
        return await self._target.write(database, command.document(name), self._session)

    async def _move(self, before: Landed, after: Landed, touch: int = 0) -> bool:
        """Move the position; False if it is not at `before`, or another process owns it."""
        change = {"$set": landed_fields(after), "$inc": {"touched": touch}}
        result = await self._state.positions.update_one(
            self._position_filter(before), change, session=self._session.driver
        )
        return result.matched_count == 1

    def _position_filter(self, landed: Landed) -> Document:
        """Finds the position only if it is at `landed`, and this process owns it."""
        return {
            "_id": self._partition,
            "epoch": landed.batch.epoch,
            "sequence": landed.batch.sequence,
            "owner.epoch": self._epoch,
        }
