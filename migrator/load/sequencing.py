"""Which of the waiting batches may be loaded, and how many at once. Pure functions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from migrator.model.batch import Batch, BatchId
from migrator.model.rows import Operation, TableChanges
from migrator.model.state import Landed

MERGED_ROWS_MAX = 2_000
MERGED_BYTES_MAX = 4 * 1024 * 1024
ATOMIC_BATCHES_MAX = 256


@dataclass(frozen=True, slots=True)
class AtomicLimits:
    """Up to which size a source transaction lands as a whole; beyond it, it lands in pieces."""

    rows: int = 100_000
    size_bytes: int = 64 * 1024 * 1024
    batches: int = ATOMIC_BATCHES_MAX


def repeats(landed: Landed, waiting: Sequence[Batch]) -> int:
    """How many of the first batches are dropped.

    They landed before; or a batch before them was lost, and capture will send them
    again in another epoch.
    """
    last = BatchId(landed.batch.epoch + 1, 0) if landed.gap is not None else landed.batch
    return next((n for n, batch in enumerate(waiting) if batch.id > last), len(waiting))


def chain(landed: Landed, waiting: Sequence[Batch]) -> list[Batch]:
    """The first batches, as far as each follows the one before; repeats among them do no harm."""
    found: list[Batch] = []
    last = landed.batch
    for batch in waiting:
        if batch.follows != last and batch.id > last:
            break
        found.append(batch)
        last = max(last, batch.id)
    return found


def without_repeats(landed: Landed, chained: Sequence[Batch]) -> Iterator[Batch]:
    """The batches of a chain that have not landed, each once."""
    last = landed.batch
    for batch in chained:
        if batch.id > last:
            last = batch.id
            yield batch


def transaction_length(chained: Sequence[Batch], limits: AtomicLimits) -> int:
    """How many of the chained batches are loaded in one transaction; 0: wait for more.

    All parts of a source transaction come together, up to the limits. Small transactions
    are merged.
    """
    rows = size = complete = 0
    for number, batch in enumerate(islice(chained, limits.batches), 1):
        if batch.distributed is not None or batch.check is not None:
            return complete or number
        if complete and any(each.operation is Operation.EMPTY for each in batch.changes):
            return complete
        rows, size = rows + batch.count, size + batch.size
        if complete and (rows > MERGED_ROWS_MAX or size > MERGED_BYTES_MAX):
            return complete
        if batch.complete:
            complete = number
        elif not complete and (rows >= limits.rows or size >= limits.size_bytes):
            return number
    return complete or (limits.batches if len(chained) >= limits.batches else 0)


def runs_of(batch: Batch) -> Iterator[list[TableChanges]]:
    """The changes of a batch: each cascade alone, and together what lies between two."""
    run: list[TableChanges] = []
    for each in batch.changes:
        if each.operation is not Operation.CASCADE:
            run.append(each)
            continue
        if run:
            yield run
        run = []
        yield [each]
    if run:
        yield run
