"""Load: batches become documents, each exactly once, whatever is repeated, lost or killed.

A batch that follows what landed is loaded, in one MongoDB transaction that also moves
the position; one that landed before is dropped; anything else is a gap, which is noted
for capture: it then sends everything after what landed again, in a new epoch.
"""

import asyncio
from collections.abc import Sequence

from migrator.errors import TargetError, TargetUnavailable
from migrator.load import sequencing as acceptance
from migrator.load.coalesce import Key
from migrator.load.commands import Write
from migrator.load.transaction import Work, phase_of, work_of
from migrator.load.writer import Fault, Outcome, Writer
from migrator.model.batch import Batch, Phase
from migrator.model.rows import Operation
from migrator.model.state import Landed
from migrator.model.table import TableName
from migrator.mongodb.faults import DUPLICATE_KEY, REFUSALS
from migrator.runtime.backoff import Backoff
from migrator.state.store import State

TRIES = 12
RETRY_S = 0.1
RETRY_MAX_S = 3.0
REPLACED_STEPS = 200
USELESS_MENDS_MAX = 5


class Loader:
    """Loads one partition. `own` comes first, and again after every error.

    `repeats` counts the batches that were dropped, `loaded` those that landed through
    this loader. The parts of a source transaction are kept here until it is complete,
    at most `acceptance.ATOMIC_BATCHES_MAX` of them: the broker must hand out more
    unacknowledged batches than that.
    """

    def __init__(
        self,
        state: State,
        partition: int,
        atomic_rows_max: int = acceptance.ATOMIC_ROWS_MAX,
        atomic_bytes_max: int = acceptance.ATOMIC_BYTES_MAX,
    ) -> None:
        self.repeats = 0
        self.loaded = 0
        self._state = state
        self._partition = partition
        self._limits = (atomic_rows_max, atomic_bytes_max)
        self._writer: Writer | None = None
        self._landed: Landed | None = None
        self._waiting: list[Batch] = []
        self._replacing: dict[TableName, int] = {}

    async def own(self) -> Landed:
        """Take the partition over, forget what waits (the broker delivers it again).

        Raises `TargetUnavailable`, `StateDamaged`.
        """
        self._waiting.clear()
        self._writer = await Writer.own(self._state, self._partition)
        self._landed = await self._writer.landed()
        return self._landed

    @property
    def landed(self) -> Landed:
        """Where the partition stood after the last step."""
        assert self._landed is not None, "own() comes first."
        return self._landed

    async def load(self, batches: Sequence[Batch]) -> int:
        """Load batches, handed over in the order of the queue, together with those that wait.

        Returns how many are settled now, counted from the oldest that was not: they
        landed, or were dropped, and may be acknowledged. Raises `Fenced`,
        `TargetUnavailable` after twelve attempts in a row, `TargetError`; then
        nothing further may be acknowledged.
        """
        self._waiting += batches
        settled, backoff = 0, Backoff(RETRY_S, RETRY_MAX_S)
        while self._waiting:
            try:
                if backoff.failures:
                    self._landed = await self._own_writer.landed()
                count = await self._advance()
            except TargetUnavailable:
                delay_s = backoff.next()
                if backoff.failures == TRIES:
                    raise
                await asyncio.sleep(delay_s)
                continue
            if not count:
                break
            backoff.reset()
            settled += max(count, 0)
        return settled

    @property
    def _own_writer(self) -> Writer:
        assert self._writer is not None, "own() comes first."
        return self._writer

    async def _advance(self) -> int:
        """Settle some of the waiting batches; 0: they wait for more, -1: look again."""
        dropped = acceptance.repeats(self.landed, self._waiting)
        if dropped:
            self.repeats += dropped
            return self._settle(dropped)
        chained = acceptance.chain(self.landed, self._waiting)
        length = acceptance.step_length(chained, *self._limits)
        if length:
            return await self._land(length)
        if len(chained) == len(self._waiting):
            return 0
        return await self._doubt(self._waiting[len(chained)], len(chained))

    def _settle(self, count: int) -> int:
        del self._waiting[:count]
        return count

    async def _doubt(self, batch: Batch, before: int) -> int:
        """A batch does not follow: capture began anew, or something was lost."""
        landed = await self._own_writer.landed()
        if landed != self._landed:
            self._landed = landed
        elif landed.gap is None:
            self._landed = await self._own_writer.mark_gap(landed, _gap(landed, batch))
        else:
            # It belongs to an epoch that was never begun here: not ours to load.
            self.repeats += before + 1
            return self._settle(before + 1)
        return -1

    async def _land(self, count: int) -> int:
        """Load the first of the waiting batches in one transaction."""
        batches = tuple(acceptance.news(self.landed, self._waiting[:count]))
        work = work_of(self.landed, batches, await self._prepared(batches))
        work.replacing.update(self._replacing)
        for table in work.emptied:
            if not await self._own_writer.clear(table, self.landed):
                return await self._look_again()
        useless = 0
        while isinstance(outcome := await self._own_writer.land(work), Fault):
            useless += not await self._mend(work, outcome)
            if useless > USELESS_MENDS_MAX:
                raise TargetError(
                    f"MongoDB refuses a row of {outcome.write.table} now and then, for the reason "
                    f"{REFUSALS[outcome.code]!r}. See its log, and start the migrator again."
                )
        if outcome is Outcome.MOVED:
            return await self._look_again()
        self._landed = work.after
        self.loaded += len(batches)
        self._age()
        return self._settle(count)

    async def _look_again(self) -> int:
        self._landed = await self._own_writer.landed()
        return -1

    async def _prepared(self, batches: tuple[Batch, ...]) -> list[Batch]:
        """What the batch commits, if it ends a distributed transaction."""
        found: list[Batch] = []
        for batch in batches:
            if batch.distributed is not None and phase_of(batch) is Phase.COMMIT:
                found = await self._own_writer.prepared(batch.distributed.xid)
                if not found:
                    raise TargetError(
                        f"The distributed transaction {batch.distributed.xid} was committed, but "
                        "it was prepared before the migration began, so its rows are not known. "
                        "The tables that it changed must be copied again."
                    )
        return found

    async def _mend(self, work: Work, fault: Fault) -> bool:
        """Change the work so that it can land; False if nothing was found to change."""
        write = fault.write
        if fault.code == DUPLICATE_KEY and write.operation is Operation.INSERT:
            work.replacing.add(write.table)
            self._replacing[write.table] = REPLACED_STEPS
            return True
        key = write.keys[fault.index] if fault.index is not None else await self._culprit(write)
        if key is None:
            return False
        work.step.refuse(write.table, key, REFUSALS[fault.code])
        return True

    async def _culprit(self, write: Write) -> Key | None:
        """The row because of which MongoDB refuses the whole command, by halving it."""
        while len(write.keys) > 1:
            first = write.half(second=False)
            refused = await self._own_writer.probe(first)
            write = first if refused else write.half(second=True)
        return write.keys[0] if await self._own_writer.probe(write) else None

    def _age(self) -> None:
        """Go back to plain inserts some time after the last copied row that was there."""
        self._replacing = {table: left - 1 for table, left in self._replacing.items() if left > 1}


def _gap(landed: Landed, batch: Batch) -> str:
    return (
        f"Batch {batch.id.epoch}.{batch.id.sequence} follows "
        f"{batch.follows.epoch}.{batch.follows.sequence}, but what landed last is "
        f"{landed.batch.epoch}.{landed.batch.sequence}: something between them was lost."
    )
