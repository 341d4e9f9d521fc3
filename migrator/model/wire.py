"""The bytes of a batch: the body of one AMQP message, or of a few for a very large batch.

docs/migrator.md describes the format; raise `VERSION` with every incompatible change.
"""

from dataclasses import asdict
from typing import Any

import bson

from migrator.errors import BrokerError
from migrator.model.batch import Batch, BatchId, Check, Distributed, Phase, Progress
from migrator.model.position import Position
from migrator.model.reference import Action, Match, Reference
from migrator.model.rows import Operation, TableChanges
from migrator.model.table import TableName

VERSION = 1


def encode(batch: Batch) -> bytes:
    """The body of the batch's message."""
    return bson.encode(
        {
            "v": VERSION,
            "partition": batch.partition,
            "follows": list(batch.follows),
            "stamp": list(batch.id),
            "position": batch.position.to_document(),
            "complete": batch.complete,
            "committed_at": batch.committed_at,
            "transactions": batch.transactions,
            "progress": _progress_document(batch.progress),
            "distributed": _distributed_document(batch.distributed),
            "check": None if batch.check is None else asdict(batch.check),
            "changes": [
                {
                    "database": changes.table.database,
                    "table": changes.table.name,
                    "operation": changes.operation.value,
                    "count": changes.count,
                    "rows": changes.rows,
                    "references": list(map(reference_document, changes.references)),
                }
                for changes in batch.changes
            ],
        }
    )


def decode(body: bytes) -> Batch:
    """The batch in a message's body. Raises `BrokerError` if it is not a batch of `VERSION`."""
    try:
        document = bson.decode(body)
        version = document["v"]
        if version == VERSION:
            return _batch(document)
    except (bson.errors.BSONError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise BrokerError(
            "A message in the queue is not a batch of this migrator. Remove it, or "
            "give the migrator a virtual host of its own."
        ) from error
    raise BrokerError(
        f"A message in the queue has format {version}, this migrator reads {VERSION}. "
        "Run capture and apply at the same version."
    )


def _batch(document: dict[str, Any]) -> Batch:
    return Batch(
        partition=document["partition"],
        follows=BatchId(*document["follows"]),
        id=BatchId(*document["stamp"]),
        position=Position.from_document(document["position"]),
        complete=document["complete"],
        committed_at=document["committed_at"],
        transactions=document["transactions"],
        progress=_progress(document["progress"]),
        distributed=_distributed(document["distributed"]),
        check=_check(document.get("check")),
        changes=tuple(
            TableChanges(
                TableName(changes["database"], changes["table"]),
                Operation(changes["operation"]),
                changes["rows"],
                changes["count"],
                tuple(map(reference_from, changes.get("references", ()))),
            )
            for changes in document["changes"]
        ),
    )


def reference_document(reference: Reference) -> dict[str, Any]:
    """A reference, as it is sent and stored."""
    enums = {name: getattr(reference, name).value for name in ("on_delete", "on_update", "match")}
    return asdict(reference) | enums


def reference_from(document: dict[str, Any]) -> Reference:
    """The reference that `reference_document` wrote."""
    return Reference(
        name=document["name"],
        child=TableName(**document["child"]),
        fields=tuple(document["fields"]),
        parent=TableName(**document["parent"]),
        referenced=tuple(document["referenced"]),
        on_delete=Action(document["on_delete"]),
        on_update=Action(document["on_update"]),
        key=tuple(document["key"]),
        columns=tuple(document["columns"]),
        match=Match(document["match"]),
        recomputes=document["recomputes"],
    )


def _progress_document(progress: Progress | None) -> dict[str, Any] | None:
    if progress is None:
        return None
    return {
        "database": progress.table.database,
        "table": progress.table.name,
        "part": progress.part,
        "rows": progress.rows,
        # Under a separate name: an older loader would misread a key in `last` as literals.
        "last": list(progress.last) if isinstance(progress.last, tuple) else None,
        "last_key": progress.last if isinstance(progress.last, bytes) else None,
        "done": progress.done,
        "generation": progress.generation,
    }


def _progress(document: dict[str, Any] | None) -> Progress | None:
    if document is None:
        return None
    last = document["last"]
    if last is None and "last_key" in document:
        last = document["last_key"]
    return Progress(
        table=TableName(document["database"], document["table"]),
        part=document["part"],
        rows=document["rows"],
        last=tuple(last) if isinstance(last, list) else last,
        done=document["done"],
        generation=document["generation"],
    )


def _check(document: dict[str, Any] | None) -> Check | None:
    if document is None:
        return None
    lists = {name: tuple(document[name]) for name in ("unclear", "settled")}
    bounds = document["bounds"]
    return Check(
        **document
        | lists
        | {"table": TableName(**document["table"]), "bounds": tuple(bounds) if bounds else None}
    )


def _distributed_document(distributed: Distributed | None) -> dict[str, Any] | None:
    if distributed is None:
        return None
    return {"xid": distributed.xid, "phase": distributed.phase.value}


def _distributed(document: dict[str, Any] | None) -> Distributed | None:
    if document is None:
        return None
    return Distributed(document["xid"], Phase(document["phase"]))
