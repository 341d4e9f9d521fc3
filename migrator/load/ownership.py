"""Who loads a partition: one process at a time.

Whoever loads a partition raises `owner.epoch` in its position's document and leaves
the id of his session there. A successor ends that session at the server: otherwise
the dead writer's open transaction would block it for a minute. A writer that was
only paused finds the epoch raised, and ends itself.
"""

import os

from pymongo.errors import DuplicateKeyError, ExecutionTimeout

from migrator.errors import TargetUnavailable
from migrator.mongodb.faults import mapped
from migrator.mongodb.target import BLOCKED_MS, Session, Target

OWN_TRIES = 10


async def take_over(target: Target, partition: int) -> tuple[Session, int]:
    """A session that owns the partition, and the owner's epoch.

    Raises `TargetUnavailable` when somebody else holds it against ten attempts.
    """
    await target.ensure_state()
    for _ in range(OWN_TRIES):
        with mapped("take over a partition"):
            session = await target.session()
            epoch = await _raise_owner(target, partition, session)
        if epoch is not None:
            return session, epoch
    raise TargetUnavailable(
        f"Partition {partition} could not be taken over in {OWN_TRIES} attempts: another "
        "process takes it again and again. Stop all but one that load this partition."
    )


async def _raise_owner(target: Target, partition: int, session: Session) -> int | None:
    """The epoch that is ours now, None when the document changed or is held by somebody."""
    document = await target.positions.find_one({"_id": partition})
    old = (document or {}).get("owner")
    await target.end_session(old)
    epoch = old["epoch"] + 1 if old else 1
    owner = {"epoch": epoch, "session": session.delegate.session_id["id"], "pid": os.getpid()}
    try:
        if document is None:
            await target.positions.insert_one({"_id": partition, "owner": owner})
            return epoch
        found = await target.positions.find_one_and_update(
            {"_id": partition, "owner.epoch": old["epoch"] if old else None},
            {"$set": {"owner": owner}},
            maxTimeMS=BLOCKED_MS,
        )
    except (DuplicateKeyError, ExecutionTimeout):
        return None
    return epoch if found is not None else None
