"""Which of the waiting batches may be loaded, and how many at once. Pure functions."""

from collections.abc import Iterator, Sequence
from itertools import islice

from migrator.model.batch import Batch, BatchId
from migrator.model.rows import Operation
from migrator.model.state import Landed

MERGED_ROWS_MAX = 2_000
MERGED_BYTES_MAX = 4 * 1024 * 1024
ATOMIC_ROWS_MAX = 100_000
ATOMIC_BYTES_MAX = 64 * 1024 * 1024
ATOMIC_BATCHES_MAX = 256


def repeats(landed: Landed, waiting: Sequence[Batch]) -> int:
    """How many batches in front are to be dropped.

    They landed before; or a batch before them was lost, and capture will send them
    again in another epoch.
    """
    stopped = BatchId(landed.batch.epoch + 1, 0) if landed.gap is not None else landed.batch
    return next(
        (n for n, batch in enumerate(waiting) if batch.id > stopped),
        len(waiting),
    )


def chain(landed: Landed, waiting: Sequence[Batch]) -> list[Batch]:
    """The batches in front that follow one another from what landed; a repeat does no harm."""
    found: list[Batch] = []
    reached = landed.batch
    for batch in waiting:
        if batch.follows != reached and batch.id > reached:
            break
        found.append(batch)
        reached = max(reached, batch.id)
    return found


def news(landed: Landed, step: Sequence[Batch]) -> Iterator[Batch]:
    """The batches of a chain without the repeats."""
    reached = landed.batch
    for batch in step:
        if batch.id > reached:
            reached = batch.id
            yield batch


def step_length(
    chained: Sequence[Batch],
    rows_max: int = ATOMIC_ROWS_MAX,
    bytes_max: int = ATOMIC_BYTES_MAX,
    batches_max: int = ATOMIC_BATCHES_MAX,
) -> int:
    """How many of the chained batches are loaded in one transaction; 0: wait for more.

    All parts of a source transaction come together, up to the limits given: what
    goes beyond them is loaded in pieces. Small transactions are merged.
    """
    rows = size = complete = 0
    for number, batch in enumerate(islice(chained, batches_max), 1):
        if batch.distributed is not None:
            return complete or number
        if complete and empties(batch):
            return complete
        rows, size = rows + batch.count, size + bytes_of(batch)
        if complete and (rows > MERGED_ROWS_MAX or size > MERGED_BYTES_MAX):
            return complete
        if batch.complete:
            complete = number
        elif not complete and (rows >= rows_max or size >= bytes_max):
            return number
    return complete or (batches_max if len(chained) >= batches_max else 0)


def bytes_of(batch: Batch) -> int:
    """The size of the rows in bytes."""
    return sum(len(run.rows) for run in batch.changes)


def empties(batch: Batch) -> bool:
    """Whether a table was truncated or dropped in it."""
    return any(run.operation is Operation.EMPTY for run in batch.changes)
