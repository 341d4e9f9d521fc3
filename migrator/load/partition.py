"""A partition that this process owns, into which each batch is loaded exactly once.

A batch that follows what landed is loaded, in one transaction of MongoDB that also moves the
position. A batch that landed before is dropped. Anything else is a gap, which is recorded in the
state: capture then sends everything after what landed again, in a new epoch.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Self

from migrator.errors import TargetError, TargetUnavailable
from migrator.load.refusals import refuse_culprit
from migrator.load.sequencing import (
    AtomicLimits,
    chain,
    repeats,
    runs_of,
    transaction_length,
    without_repeats,
)
from migrator.load.transaction import LoadTransaction
from migrator.load.writer import Fault, Outcome, PartitionWriter
from migrator.model.batch import Batch, Phase
from migrator.model.document_key import has_key
from migrator.model.rows import Operation, TableChanges
from migrator.model.state import Landed
from migrator.model.table import TableName
from migrator.mongodb.faults import REFUSALS
from migrator.runtime.backoff import Backoff
from migrator.state.store import State

TRIES = 12
RETRY_S = 0.1
RETRY_MAX_S = 3.0
REPLACING_TRANSACTIONS = 200
UNFOUND_CULPRITS_MAX = 5


@dataclass(slots=True)
class LoadCounters:
    """What happened to a partition since the process began.

    `rows` landed, `repeats` are batches that were dropped, and `retries` are failures after
    which loading started again.
    """

    rows: int = 0
    repeats: int = 0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Settled:
    """The first `count` waiting batches landed or were dropped."""

    count: int


class Unsettled(Enum):
    """Why no waiting batch is settled yet."""

    INCOMPLETE = "incomplete"  # The rest of a source transaction has not arrived.
    MOVED = "moved"  # The position was not where we believed, and has been read again.


class OwnedPartition:
    """A partition that this process may load, until an error; `own` makes it.

    The parts of a source transaction are kept here until it is complete, at most
    `limits.batches` of them: the broker must deliver more unacknowledged batches than that.
    """

    def __init__(
        self, writer: PartitionWriter, landed: Landed, limits: AtomicLimits, counters: LoadCounters
    ) -> None:
        self._writer = writer
        self._landed = landed
        self._limits = limits
        self._counters = counters
        self._waiting: list[Batch] = []
        # How many more transactions of a table replace documents that copied rows meet.
        self._replacing: dict[TableName, int] = {}

    @classmethod
    async def own(
        cls, state: State, partition: int, limits: AtomicLimits, counters: LoadCounters
    ) -> Self:
        """Take the partition over from the process that owns it.

        The broker must deliver again what is not acknowledged. Raises `TargetUnavailable`,
        `StateDamaged`, `Fenced` when another process takes it over in the same moment.
        """
        writer = await PartitionWriter.own(state, partition)
        return cls(writer, await writer.finish_cascade(), limits, counters)

    async def load(self, batches: Sequence[Batch]) -> int:
        """Load batches, in the order of the queue, together with those that wait here.

        Returns how many are settled now, counted from the oldest that was not: they landed or
        were dropped, and may be acknowledged. Raises `Fenced`, `TargetError`, and
        `TargetUnavailable` after twelve failures in a row. After an error nothing may be
        acknowledged, and another `own` must take the partition over.
        """
        self._waiting += batches
        settled, backoff = 0, Backoff(RETRY_S, RETRY_MAX_S)
        while self._waiting:
            try:
                if backoff.failures:
                    # The attempt that failed may have been committed.
                    await self._read_again()
                outcome = await self._advance()
            except TargetUnavailable:
                delay_s = backoff.next()
                if backoff.failures == TRIES:
                    raise
                await asyncio.sleep(delay_s)
                continue
            if outcome is Unsettled.INCOMPLETE:
                break
            backoff.reset()
            if isinstance(outcome, Settled):
                del self._waiting[: outcome.count]
                settled += outcome.count
        return settled

    async def _advance(self) -> Settled | Unsettled:
        """Drop or load the first of the waiting batches."""
        dropped = repeats(self._landed, self._waiting)
        if dropped:
            return self._drop(dropped)
        chained = chain(self._landed, self._waiting)
        length = transaction_length(chained, self._limits)
        if length:
            return await self._load_first(length)
        if len(chained) == len(self._waiting):
            return Unsettled.INCOMPLETE
        return await self._check_gap(len(chained))

    def _drop(self, count: int) -> Settled:
        self._counters.repeats += count
        return Settled(count)

    async def _check_gap(self, index: int) -> Settled | Unsettled:
        """The waiting batch at `index` does not follow: a new epoch began, or a batch was lost."""
        landed = await self._writer.landed()
        if landed != self._landed:
            self._landed = landed
        elif landed.gap is None:
            batch = self._waiting[index]
            reason = (
                f"Batch {batch.id} follows {batch.follows}, but what landed last is "
                f"{landed.batch}: something between them was lost."
            )
            self._landed = await self._writer.mark_gap(landed, reason)
        else:
            # The batch belongs to an epoch that was never begun here, so it is not ours to load.
            return self._drop(index + 1)
        return Unsettled.MOVED

    async def _load_first(self, count: int) -> Settled | Unsettled:
        """Load the first of the waiting batches in one transaction."""
        batches = tuple(without_repeats(self._landed, self._waiting[:count]))
        prepared = await self._prepared(batches)
        transaction = LoadTransaction.of(self._landed, batches, prepared, self._replacing)
        for table in transaction.emptied:
            if not await self._writer.clear(table, self._landed):
                return await self._read_again()
        match await self._land(transaction):
            case Outcome.MOVED:
                return await self._read_again()
            case Outcome.TOO_LARGE:
                return await self._load_in_parts(batches[0])
            case Outcome.LANDED:
                pass
        self._landed = transaction.after
        self._counters.rows += transaction.rows
        self._replacing = {table: n - 1 for table, n in self._replacing.items() if n > 1}
        return Settled(count)

    async def _load_in_parts(self, batch: Batch) -> Settled | Unsettled:
        """Load a batch with large cascades: each by itself, and between them the other changes."""
        is_reread = False
        for changes in runs_of(batch.after(self._landed.part)):
            is_cascade = changes[0].operation is Operation.CASCADE
            is_reread = is_reread or (is_cascade and has_key(changes[0].rows))
            count = sum(each.count for each in changes)
            after = self._landed.with_part(count, is_cascade=is_cascade, is_reread=is_reread)
            if not await self._load_part(changes, after):
                return await self._read_again()
            self._landed = after
        transaction = LoadTransaction.of(self._landed, (batch,), (), self._replacing)
        if await self._land(transaction) is not Outcome.LANDED:
            return await self._read_again()
        self._landed = transaction.after
        self._counters.rows += batch.count
        return Settled(1)

    async def _load_part(self, changes: Sequence[TableChanges], after: Landed) -> bool:
        """Load a cascade, or changes without one; False: the position has moved."""
        if changes[0].operation is Operation.CASCADE:
            return await self._writer.cascade(changes[0], self._landed, after)
        part = LoadTransaction.of_part(self._landed, after, changes, self._replacing)
        return await self._land(part) is Outcome.LANDED

    async def _land(self, transaction: LoadTransaction) -> Outcome:
        """Change the transaction until MongoDB takes it."""
        unfound = 0
        while isinstance(outcome := await self._writer.land(transaction), Fault):
            table = outcome.command.table
            if outcome.is_duplicate_insert:
                transaction.replace_copied(table)
                self._replacing[table] = REPLACING_TRANSACTIONS
            elif not await refuse_culprit(transaction, outcome, self._writer):
                unfound += 1
                if unfound > UNFOUND_CULPRITS_MAX:
                    raise TargetError(
                        f"MongoDB sometimes refuses a row of {table} and sometimes takes it; its "
                        f"reason: {REFUSALS[outcome.code]!r}. Look at MongoDB's log, and start the "
                        "migrator again."
                    )
        return outcome

    async def _read_again(self) -> Unsettled:
        self._landed = await self._writer.finish_cascade()
        return Unsettled.MOVED

    async def _prepared(self, batches: Sequence[Batch]) -> list[Batch]:
        """What the batches commit, if they end a distributed transaction."""
        committed = [
            batch.distributed.xid
            for batch in batches
            if batch.distributed is not None and batch.phase is Phase.COMMIT
        ]
        return [batch for xid in committed for batch in await self._writer.prepared(xid)]
