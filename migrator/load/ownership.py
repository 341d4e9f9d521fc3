"""Who loads a partition: one process at a time.

A process takes a partition over by raising `owner.epoch` in the position's document, where it
also leaves the id of its session. Its successor ends that session at the server: otherwise the
open transaction of a dead process would block it for a minute. A process that was only paused
finds that the epoch has been raised, and stops.
"""

import os
from dataclasses import dataclass

from migrator.errors import TargetUnavailable
from migrator.mongodb.faults import CONTESTED, mapped_errors
from migrator.mongodb.session import Session
from migrator.state.store import State

TAKE_OVER_TRIES = 10
BLOCKED_MS = 1_000


@dataclass(frozen=True, slots=True)
class Ownership:
    """What makes this process the owner, for as long as the owner's epoch is `epoch`."""

    partition: int
    epoch: int
    session: Session


async def take_over(state: State, partition: int) -> Ownership:
    """Take a partition over from the process that owns it.

    Raises `TargetUnavailable` when another process holds it against ten attempts.
    """
    await state.ensure()
    for _ in range(TAKE_OVER_TRIES):
        with mapped_errors("take over a partition"):
            session = await state.target.session()
            epoch = await _raise_owner(state, partition, session)
        if epoch is not None:
            return Ownership(partition, epoch, session)
    raise TargetUnavailable(
        f"Partition {partition} could not be taken over in {TAKE_OVER_TRIES} attempts, because "
        "another process takes it again and again. Stop all but one of the processes that load it."
    )


async def _raise_owner(state: State, partition: int, session: Session) -> int | None:
    """The epoch of this process; None if another process changed or holds the document."""
    document = await state.positions.find_one({"_id": partition})
    await state.end_owner(document)
    old = (document or {}).get("owner")
    epoch = old["epoch"] + 1 if old else 1
    owner = {"epoch": epoch, "session": session.id, "pid": os.getpid()}
    try:
        if document is None:
            await state.positions.insert_one({"_id": partition, "owner": owner})
            return epoch
        found = await state.positions.find_one_and_update(
            {"_id": partition, "owner.epoch": old["epoch"] if old else None},
            {"$set": {"owner": owner}},
            maxTimeMS=BLOCKED_MS,
        )
    except CONTESTED:
        return None
    return epoch if found is not None else None
