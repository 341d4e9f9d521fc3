"""A row that MongoDB refuses becomes a dead letter, so that its neighbours can land."""

from migrator.load.changes.coalesce import Key
from migrator.load.changes.commands import WriteCommand
from migrator.load.transaction import LoadTransaction
from migrator.load.writer import Fault, PartitionWriter
from migrator.mongodb.faults import REFUSALS


async def refuse_culprit(
    transaction: LoadTransaction, fault: Fault, writer: PartitionWriter
) -> bool:
    """Make a dead letter of the row that MongoDB refuses; False: no row was found to be at fault.

    Raises `TargetUnavailable`.
    """
    command = fault.command
    if fault.index is not None:
        key: Key | None = command.keys[fault.index]
    else:
        key = await _culprit(command, writer)
    if key is None:
        return False
    fault.stage.coalesced.refuse(command.table, key, REFUSALS[fault.code])
    return True


async def _culprit(command: WriteCommand, writer: PartitionWriter) -> Key | None:
    """The row because of which MongoDB refuses the whole command, found by halving it."""
    while len(command.keys) > 1:
        first, second = command.halves()
        command = first if await writer.is_refused(first) else second
    return command.keys[0] if await writer.is_refused(command) else None
