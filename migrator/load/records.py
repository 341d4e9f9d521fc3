"""The documents that a load transaction leaves in `_migrator`, beyond the position. Pure."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import bson

from migrator.load.changes.coalesce import OPTIONS, Coalesced, DeadLetter
from migrator.model.batch import Batch, Progress
from migrator.model.rows import Operation
from migrator.model.state import Landed
from migrator.model.table import TableName
from migrator.model.wire import decode, encode
from migrator.mongodb.target import Document

PIECE_BYTES = 8 * 1024 * 1024
SETTLED_AT_ONCE = 1_000


def audit_documents(batches: Iterable[Batch]) -> list[Document]:
    """One per batch; its `_id` keeps a batch that is loaded twice from being recorded twice."""
    return [
        {
            "_id": {"partition": batch.partition, **batch.id._asdict()},
            "transactions": batch.transactions,
            "rows": batch.count,
        }
        for batch in batches
    ]


def dead_letter_documents(dead_letters: Iterable[DeadLetter], landed: Landed) -> list[Document]:
    """Dead letters as they are stored; `landed` is the state after their transaction."""
    now = datetime.now(UTC)
    return [
        {
            "table": str(dead_letter.table),
            "key": dead_letter.key,
            "column": dead_letter.column,
            "reason": dead_letter.reason,
            "row": dead_letter.row,
            "stamp": list(landed.batch),
            "at": now,
        }
        for dead_letter in dead_letters
    ]


def settled_dead_letters(coalesced: Coalesced, tables: Collection[str]) -> Iterator[Document]:
    """Filters that find the dead letters of rows that have changed again, or are gone.

    `tables` are those that have any dead letters.
    """
    for table, rows in coalesced.tables.items():
        same = {"table": str(table)}
        if same["table"] not in tables:
            continue
        if rows.emptied:
            yield same
            continue
        keys = [bson.decode(key, OPTIONS)["_id"] for key in rows.states]
        for start in range(0, len(keys), SETTLED_AT_ONCE):
            yield {**same, "key": {"$in": keys[start : start + SETTLED_AT_ONCE]}}


def gone_dead_letters(coalesced: Coalesced) -> Iterator[Document]:
    """A filter for each row that was refused without a key, and is no longer there."""
    for dead_letter in coalesced.gone:
        yield {"table": str(dead_letter.table), "key": None, "row": dead_letter.row}


def emptied_update(table: TableName, batches: Sequence[Batch]) -> tuple[Document, Document]:
    """The filter and the update that record that the batch which empties a table has landed."""
    ids = [
        list(batch.id)
        for batch in batches
        if any(
            changes.table == table and changes.operation is Operation.EMPTY
            for changes in batch.changes
        )
    ]
    return {"_id": str(table), "emptied": {"$in": ids}}, {"$set": {"emptied": None}}


def progress_update(progress: Progress) -> tuple[Document, dict[str, Any]]:
    """The filter and the update that record progress, unless another copy has begun since."""
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
