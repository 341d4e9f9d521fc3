"""What `_migrator` stores, as documents and back. Pure.

A position carries a digest of its other fields. Everything resumes from it, so a bit that
flipped on a disk must be noticed before the migration resumes from a wrong position.
"""

import json
from dataclasses import asdict
from hashlib import blake2b

from migrator.errors import StateDamaged
from migrator.model.batch import BatchId
from migrator.model.document_key import Bound
from migrator.model.position import Position
from migrator.model.reference import Action, Constraints, ForeignKey
from migrator.model.state import Decision, KeyRange, Landed, TableCopy
from migrator.model.table import TableName
from migrator.mongodb.target import Document

LANDED_FIELDS = ("epoch", "sequence", "position", "transactions", "committed_at", "gap")
CHECK_BYTES = 16
TABLE_VERSION = 2
"""Version 1 stored the last key of a range as SQL literals; they are still read."""


def landed_fields(landed: Landed) -> Document:
    """The fields that are set in the partition's document, with the digest."""
    fields: Document = {
        "epoch": landed.batch.epoch,
        "sequence": landed.batch.sequence,
        "position": landed.position.to_document(),
        "transactions": landed.transactions,
        "committed_at": landed.committed_at,
        "gap": landed.gap,
    }
    if landed.part:
        fields["part"] = landed.part
    return {"part": 0, **fields, "check": digest(landed.partition, fields)}


def landed_from(document: Document) -> Landed | None:
    """Where the partition stands, None before its first epoch; raises `StateDamaged`."""
    partition = document["_id"]
    if not any(name in document for name in (*LANDED_FIELDS, "check")):
        return None
    fields = {name: document.get(name) for name in LANDED_FIELDS}
    if document.get("part"):
        fields["part"] = document["part"]
    if document.get("check") != digest(partition, fields):
        raise StateDamaged(
            f"The position of partition {partition} in _migrator.positions does not match its "
            "digest: it was changed by hand or damaged on disk. Restore the target from a backup, "
            "or drop the database _migrator and the copied collections, and begin the migration "
            "again."
        )
    return Landed(
        partition=partition,
        batch=BatchId(document["epoch"], document["sequence"]),
        position=Position.from_document(document["position"]),
        transactions=document["transactions"],
        committed_at=document["committed_at"],
        gap=document["gap"],
        part=document.get("part", 0),
    )


def digest(partition: int, fields: Document) -> str:
    """A digest of what landed, the same for 32-bit and 64-bit integers."""
    text = json.dumps([partition, fields], sort_keys=True, default=repr)
    return blake2b(text.encode(), digest_size=CHECK_BYTES).hexdigest()


def table_document(state: TableCopy) -> Document:
    """The progress of a table's copy, as it is stored."""
    return {
        "_id": str(state.table),
        "version": TABLE_VERSION,
        "database": state.table.database,
        "table": state.table.name,
        "partition": state.partition,
        "generation": state.generation,
        "estimated_rows": state.estimated_rows,
        "parts": [asdict(part) for part in state.parts],
        "key": list(state.key),
        "emptied": list(state.emptied) if state.emptied is not None else None,
        "left_out": state.left_out,
        "owned": state.owned,
    }


def table_from(document: Document) -> TableCopy:
    """The progress that `table_document` wrote, in this version or the one before."""
    emptied = document.get("emptied")
    return TableCopy(
        table=TableName(document["database"], document["table"]),
        partition=document["partition"],
        generation=document["generation"],
        estimated_rows=document["estimated_rows"],
        parts=tuple(range_from(part) for part in document["parts"]),
        key=tuple(document.get("key", ())),
        emptied=BatchId(*emptied) if emptied else None,
        left_out=document.get("left_out", ""),
        owned=document.get("owned", True),
    )


def range_from(document: Document) -> KeyRange:
    """A range of keys, as the dictionary of its fields is stored."""
    return KeyRange(
        lower=_bound(document["lower"]),
        upper=_bound(document["upper"]),
        last=_bound(document["last"]),
        rows=document["rows"],
        done=document["done"],
    )


def _bound(stored: bytes | list[str] | None) -> Bound | None:
    return tuple(stored) if isinstance(stored, list) else stored


def constraints_document(constraints: Constraints) -> Document:
    """The foreign keys, as they are stored."""
    return {
        "keys": [
            {
                "name": key.name,
                "child": asdict(key.child),
                "columns": list(key.columns),
                "parent": asdict(key.parent),
                "referenced": list(key.referenced),
                "on_delete": key.on_delete.value,
                "on_update": key.on_update.value,
            }
            for key in constraints.keys
        ],
        "read_at": constraints.read_at.to_document(),
        "later": [
            {"child": asdict(child), "read_at": position.to_document()}
            for child, position in constraints.later.items()
        ],
    }


def constraints_from(document: Document) -> Constraints:
    """The foreign keys that `constraints_document` wrote."""
    return Constraints(
        tuple(
            ForeignKey(
                key["name"],
                TableName(**key["child"]),
                tuple(key["columns"]),
                TableName(**key["parent"]),
                tuple(key["referenced"]),
                Action(key["on_delete"]),
                Action(key["on_update"]),
            )
            for key in document["keys"]
        ),
        Position.from_document(document["read_at"]),
        {
            TableName(**one["child"]): Position.from_document(one["read_at"])
            for one in document["later"]
        },
    )


def decision_document(decision: Decision) -> Document:
    """An operator's decision, as it is stored."""
    return {
        "_id": decision.place,
        "copy": list(decision.copy),
        "because": decision.because,
        "at": decision.at,
    }


def decision_from(document: Document) -> Decision:
    """The decision that `decision_document` wrote."""
    return Decision(document["_id"], tuple(document["copy"]), document["because"], document["at"])
