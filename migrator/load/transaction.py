"""What one MongoDB transaction does, and the documents that it leaves in `_migrator`. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import bson

from migrator.load.coalesce import OPTIONS, DeadLetter, Step, coalesce
from migrator.load.commands import Write, writes_of
from migrator.model.batch import Batch, Phase, Progress
from migrator.model.rows import Operation
from migrator.model.state import Landed
from migrator.model.table import TableName
from migrator.model.wire import decode, encode
from migrator.mongodb.target import Document

PIECE_BYTES = 8 * 1024 * 1024
SETTLED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Work:
    """Batches, the step that has their effect, and what landed before and after them.

    `replacing` names the tables whose copied rows may be in the target already.
    """

    batches: tuple[Batch, ...]
    step: Step
    before: Landed
    after: Landed
    replacing: set[TableName] = field(default_factory=set)

    def writes(self) -> Iterator[Write]:
        """The commands that change the tables."""
        for table, writes in self.step.tables.items():
            yield from writes_of(table, writes, table in self.replacing)

    @property
    def emptied(self) -> list[TableName]:
        """The tables that were truncated or dropped."""
        return [table for table, writes in self.step.tables.items() if writes.emptied]

    @property
    def progress(self) -> list[Progress]:
        """What the copies of tables have come to."""
        return [batch.progress for batch in self.batches if batch.progress is not None]

    @property
    def kept_aside(self) -> list[Batch]:
        """The batches of a distributed transaction that waits for its decision."""
        return [batch for batch in self.batches if phase_of(batch) is Phase.PREPARE]

    @property
    def decided(self) -> list[str]:
        """The distributed transactions that end here."""
        return [
            batch.distributed.xid
            for batch in self.batches
            if batch.distributed is not None and phase_of(batch) is not Phase.PREPARE
        ]


def work_of(before: Landed, batches: tuple[Batch, ...], prepared: list[Batch]) -> Work:
    """The work of batches that follow what landed; `prepared` is what they commit."""
    applied = [batch for batch in batches if phase_of(batch) in {None, Phase.COMMIT}]
    step = coalesce(run for batch in (*prepared, *applied) for run in batch.changes)
    after = replace(
        before,
        batch=batches[-1].id,
        position=batches[-1].position,
        transactions=before.transactions + sum(batch.transactions for batch in batches),
        committed_at=max(before.committed_at, *(batch.committed_at for batch in batches)),
    )
    return Work(batches, step, before, after)


def phase_of(batch: Batch) -> Phase | None:
    """What it does to a distributed transaction; None: it belongs to none."""
    return None if batch.distributed is None else batch.distributed.phase


def audit_documents(batches: tuple[Batch, ...]) -> list[Document]:
    """One per batch; a batch that is applied twice has no second place."""
    return [
        {
            "_id": {"partition": batch.partition, **batch.id._asdict()},
            "transactions": batch.transactions,
            "rows": batch.count,
        }
        for batch in batches
    ]


def letter_documents(letters: list[DeadLetter], landed: Landed) -> list[Document]:
    """Dead letters as they are stored."""
    now = datetime.now(UTC)
    return [
        {
            "table": str(letter.table),
            "key": letter.key,
            "column": letter.column,
            "reason": letter.reason,
            "row": letter.row,
            "stamp": list(landed.batch),
            "at": now,
        }
        for letter in letters
    ]


def settled_letters(step: Step, tables: Collection[str]) -> Iterator[Document]:
    """Which dead letters are settled: those of rows that are other ones now, or are gone.

    `tables` are those that have any.
    """
    for table, writes in step.tables.items():
        same = {"table": str(table)}
        if same["table"] not in tables:
            continue
        if writes.emptied:
            yield same
            continue
        keys = [bson.decode(key, OPTIONS)["_id"] for key in writes.states]
        for start in range(0, len(keys), SETTLED_AT_ONCE):
            yield {**same, "key": {"$in": keys[start : start + SETTLED_AT_ONCE]}}


def gone_letters(step: Step) -> Iterator[Document]:
    """What is known of each row that was refused without a key, and is no longer there."""
    for letter in step.gone:
        yield {"table": str(letter.table), "key": None, "row": letter.row}


def emptied_update(table: TableName, batches: Sequence[Batch]) -> tuple[Document, Document]:
    """The filter and the update that note that a copy's emptying has landed."""
    ids = [
        list(batch.id)
        for batch in batches
        if any(run.table == table and run.operation is Operation.EMPTY for run in batch.changes)
    ]
    return {"_id": str(table), "emptied": {"$in": ids}}, {"$set": {"emptied": None}}


def progress_update(progress: Progress) -> tuple[Document, dict[str, Any]]:
    """The filter and the update that note it, unless another copy has begun since."""
    part = f"parts.{progress.part}"
    return (
        {"_id": str(progress.table), "generation": progress.generation},
        {
            "$set": {f"{part}.last": progress.last, f"{part}.done": progress.done},
            "$inc": {f"{part}.rows": progress.rows},
        },
    )


def prepared_documents(batch: Batch) -> list[Document]:
    """A batch that waits for its decision, in pieces that fit into documents."""
    assert batch.distributed is not None
    body, xid = encode(batch), batch.distributed.xid
    return [
        {
            "_id": {"partition": batch.partition, "xid": xid, **batch.id._asdict(), "n": n},
            "partition": batch.partition,
            "xid": xid,
            "body": body[start : start + PIECE_BYTES],
        }
        for n, start in enumerate(range(0, len(body), PIECE_BYTES))
    ]


def prepared_batches(documents: list[Document]) -> list[Batch]:
    """The batches of `prepared_documents`, sorted by `_id`."""
    grouped = groupby(
        documents, key=lambda document: (document["_id"]["epoch"], document["_id"]["sequence"])
    )
    return [decode(b"".join(document["body"] for document in pieces)) for _, pieces in grouped]
