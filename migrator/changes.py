"""What flows from the source to the target: changes in batches, and their bytes on the wire.

One AMQP message is one batch (or a fragment of a very large one). The format is
described in docs/migrator.md; `VERSION` rises with it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from struct import Struct
from typing import Any, NamedTuple, Self

import bson

from migrator.errors import BrokerError
from migrator.mysql.columns import TableName

VERSION = 1
LENGTH = Struct("<i")


class Operation(StrEnum):
    """What a run of changes asks of the target."""

    INSERT = "insert"  # Rows of the copy, and new ones: whole documents, seldom there already.
    PUT = "put"  # Changed rows: whole documents, mostly there already.
    DELETE = "delete"  # Deleted rows: documents that hold `_id` only.
    EMPTY = "empty"  # The table was truncated or dropped: no documents.
    REFUSE = "refuse"  # Rows that cannot be carried over: {_id?, column, reason, row}.


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive rows of one table event under one operation, as BSON documents.

    A document begins with `_id`, unless it is refused because its key is.
    """

    operation: Operation
    rows: list[bytes]


@dataclass(frozen=True, slots=True)
class Position:
    """Where the source's log has been read to; only committed transactions have one.

    `gtids` is the GTID set (MySQL) or the list of last GTIDs per domain (MariaDB)
    that has been delivered, "" without GTIDs. `file` and `offset` say where the
    last event ended on the server `server` (its server_uuid, or server_id on
    MariaDB). `rows` counts the changes of the *next* transaction that are on their way
    or landed already: it is above zero only inside a giant transaction, which is sent
    again from its beginning after a crash.
    """

    gtids: str = ""
    file: str = ""
    offset: int = 0
    server: str = ""
    rows: int = 0

    def to_document(self) -> dict[str, Any]:
        """The position as it is stored and sent."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """The position that `to_document` wrote."""
        return cls(**{name: document[name] for name in cls.__slots__})


class Stamp(NamedTuple):
    """A batch's place in its partition: the writer's epoch, and a number that starts at 1."""

    epoch: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Changes:
    """Consecutive changes of one table by one operation.

    `rows` are `count` BSON documents, one after another; each begins with `_id`.
    """

    table: TableName
    operation: Operation
    rows: bytes
    count: int

    def documents(self) -> Iterator[bytes]:
        """The documents, one by one."""
        rows, start, end = self.rows, 0, len(self.rows)
        while start < end:
            after = start + LENGTH.unpack_from(rows, start)[0]
            yield rows[start:after]
            start = after


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the copy of one range of a table has come, once its batch has been loaded.

    `rows` are those of this batch. `generation` says which copy of the table it is: a
    definition that changes starts another, and progress of an older one counts nothing.
    `last` is the key of the last row that was read, as the SQL literals that the
    next chunk compares with; None before the first.
    """

    table: TableName
    part: int
    rows: int
    last: tuple[str, ...] | None
    done: bool
    generation: int = 1


class Phase(StrEnum):
    """What a batch does to a distributed (XA) transaction."""

    PREPARE = "prepare"  # Its changes are kept aside until the decision.
    COMMIT = "commit"  # What was kept aside is applied.
    ROLLBACK = "rollback"  # What was kept aside is forgotten.


@dataclass(frozen=True, slots=True)
class Distributed:
    """The distributed transaction that a batch belongs to; `xid` as the server prints it."""

    xid: str
    phase: Phase


@dataclass(frozen=True, slots=True)
class Batch:
    """What one message carries, and what one MongoDB transaction loads or leaves.

    `follows` is the stamp of the batch before; `position` is where the source's
    log stands after it. `complete` is False while a source transaction goes on in
    the next batch. `committed_at` is the commit time of the oldest transaction in
    microseconds since 1970, 0 for a snapshot. `transactions` counts the source
    transactions that end in this batch.
    """

    partition: int
    follows: Stamp
    stamp: Stamp
    position: Position
    complete: bool
    changes: tuple[Changes, ...]
    committed_at: int = 0
    transactions: int = 0
    progress: Progress | None = None
    distributed: Distributed | None = None

    @property
    def count(self) -> int:
        """How many rows the batch changes."""
        return sum(run.count for run in self.changes)

    @property
    def size(self) -> int:
        """The bytes of its rows."""
        return sum(len(run.rows) for run in self.changes)

    def encode(self) -> bytes:
        """The body of the message."""
        return bson.encode(
            {
                "v": VERSION,
                "partition": self.partition,
                "follows": list(self.follows),
                "stamp": list(self.stamp),
                "position": self.position.to_document(),
                "complete": self.complete,
                "committed_at": self.committed_at,
                "transactions": self.transactions,
                "progress": _progress_document(self.progress),
                "distributed": _distributed_document(self.distributed),
                "changes": [
                    {
                        "database": run.table.database,
                        "table": run.table.name,
                        "operation": run.operation.value,
                        "count": run.count,
                        "rows": run.rows,
                    }
                    for run in self.changes
                ],
            }
        )

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """The batch in a message's body; raises `BrokerError` for anything else."""
        try:
            document = bson.decode(body)
            version = document["v"]
            if version == VERSION:
                return cls._from_document(document)
        except (bson.errors.BSONError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise BrokerError(
                "A message in the queue is not a batch of this migrator. Remove it, or "
                "give the migrator a virtual host of its own."
            ) from error
        raise BrokerError(
            f"A message in the queue has format {version}, this migrator reads {VERSION}. "
            "Run capture and apply at the same version."
        )

    @classmethod
    def _from_document(cls, document: dict[str, Any]) -> Self:
        return cls(
            partition=document["partition"],
            follows=Stamp(*document["follows"]),
            stamp=Stamp(*document["stamp"]),
            position=Position.from_document(document["position"]),
            complete=document["complete"],
            committed_at=document["committed_at"],
            transactions=document["transactions"],
            progress=_progress(document["progress"]),
            distributed=_distributed(document["distributed"]),
            changes=tuple(
                Changes(
                    TableName(run["database"], run["table"]),
                    Operation(run["operation"]),
                    run["rows"],
                    run["count"],
                )
                for run in document["changes"]
            ),
        )


def _progress_document(progress: Progress | None) -> dict[str, Any] | None:
    if progress is None:
        return None
    return {
        "database": progress.table.database,
        "table": progress.table.name,
        "part": progress.part,
        "rows": progress.rows,
        "last": list(progress.last) if progress.last is not None else None,
        "done": progress.done,
        "generation": progress.generation,
    }


def _progress(document: dict[str, Any] | None) -> Progress | None:
    if document is None:
        return None
    last = document["last"]
    return Progress(
        table=TableName(document["database"], document["table"]),
        part=document["part"],
        rows=document["rows"],
        last=tuple(last) if last is not None else None,
        done=document["done"],
        generation=document["generation"],
    )


def _distributed_document(distributed: Distributed | None) -> dict[str, Any] | None:
    if distributed is None:
        return None
    return {"xid": distributed.xid, "phase": distributed.phase.value}


def _distributed(document: dict[str, Any] | None) -> Distributed | None:
    if document is None:
        return None
    return Distributed(document["xid"], Phase(document["phase"]))
