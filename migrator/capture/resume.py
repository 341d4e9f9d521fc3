"""Where a session begins: what has landed, what has been copied, and what the source still has."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from migrator.capture.plan import plan
from migrator.capture.tables import partition_of
from migrator.capture.visible import reading
from migrator.changes import Position
from migrator.errors import ConfigurationError
from migrator.mysql.catalogue import Scope, Table, read_tables
from migrator.mysql.connection import Connection
from migrator.mysql.dump import check_still_available, current_position
from migrator.mysql.events import Gtid
from migrator.mysql.gtid import parse
from migrator.mysql.log_position import place
from migrator.mysql.types import TypeOptions
from migrator.state import Landed, TableState
from migrator.target.target import Target

PREPARED_WAIT_S = 20.0
PREPARED_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Resumption:
    """`landed` per partition, in their order; the reading begins at `start`, the earliest."""

    landed: tuple[Landed, ...]
    start: Position
    tables: tuple[Table, ...]
    unfinished: tuple[TableState, ...]
    is_mariadb: bool

    @property
    def epochs(self) -> tuple[int, ...]:
        """The epoch of each partition in this session."""
        return tuple(landed.stamp.epoch for landed in self.landed)


async def resume(
    connection: Connection,
    target: Target,
    scope: Scope,
    options: TypeOptions,
    partitions: int,
) -> Resumption:
    """Begin a new epoch of every partition, and plan the copy of tables that have none yet.

    Raises `ConfigurationError` for tables that cannot be migrated, `PositionLost` when
    the source can no longer continue from where the data landed.
    """
    _check_tables(await read_tables(connection, scope), scope)
    is_new = await _check_partitions(target, partitions)
    if is_new:
        await _wait_for_prepared(connection)
    # The position comes first: whatever changes after this line, the stream will show.
    start = await current_position(connection)
    # The highest first: if this is cut short, the number of partitions is known all the same.
    landed = [await target.begin_epoch(number, start) for number in reversed(range(partitions))]
    landed.reverse()
    await _wait_until_visible(connection, start)
    for one in landed:
        await check_still_available(connection, one.position)
    # Again, because a table that was altered before that position is in no stream to come.
    tables = await read_tables(connection, scope)
    # Progress of an older epoch cannot land any more: what is read now stays true.
    states = {state.table: state for state in await target.tables()}
    for table in tables:
        if table.name not in states:
            partition = partition_of(table.name, partitions)
            planned = await plan(connection, table.name, options, partition, generation=1)
            if planned is not None:
                await target.save_table(planned.state)
                states[table.name] = planned.state
    unfinished = tuple(
        states[table.name]
        for table in tables
        if table.name in states and not states[table.name].done
    )
    mariadb = connection.server.is_mariadb
    earliest = _earliest([one.position for one in landed], mariadb)
    return Resumption(tuple(landed), earliest, tables, unfinished, mariadb)


def landed_before(resumed: Resumption, landed: Landed) -> Callable[[Gtid, Position], bool] | None:
    """Which transactions of the stream a partition already has; None: it is the earliest."""
    position = landed.position
    if position == resumed.start:
        return None
    if position.gtids:
        delivered = parse(position.gtids, mariadb=resumed.is_mariadb)
        return lambda event, _: event.gtid in delivered
    end = place(position.file, position.offset)
    # Where the reader stands tells the file; an event knows only its offset.
    return lambda event, reached: place(reached.file, event.end) <= end


def _earliest(positions: Sequence[Position], mariadb: bool) -> Position:
    """Positions of one stream are ordered: of two sets of GTIDs, the later holds the earlier."""

    def is_first(one: Position) -> bool:
        delivered = parse(one.gtids, mariadb=mariadb)
        return all(delivered.is_subset(parse(other.gtids, mariadb=mariadb)) for other in positions)

    if all(one.gtids for one in positions):
        return next(filter(is_first, positions))
    return min(positions, key=lambda one: place(one.file, one.offset))


def _check_tables(tables: Sequence[Table], scope: Scope) -> None:
    if not tables:
        raise ConfigurationError(
            f"No table is selected by databases = {list(scope.databases)}, include = "
            f"{list(scope.include)}, exclude = {list(scope.exclude)}. Look at the names' spelling "
            "and at the privileges of the migrator's user."
        )
    keyless = [str(table.name) for table in tables if not table.key]
    if keyless:
        raise ConfigurationError(
            f"{', '.join(keyless)}: no primary key and no NOT NULL unique key, so rows cannot be "
            "told apart. Add a key, or exclude the table; nothing was started."
        )


async def _check_partitions(target: Target, partitions: int) -> bool:
    """Whether the migration is a new one; raises if it has another number of partitions."""
    stored = {landed.partition for landed in await target.landed()}
    if stored and max(stored) + 1 != partitions:
        raise ConfigurationError(
            f"This migration was begun with {max(stored) + 1} partitions, and the settings say "
            f"{partitions}. Set partitions = {max(stored) + 1}: rows would land out of order."
        )
    return not stored


async def _wait_until_visible(connection: Connection, start: Position) -> None:
    """Else the greatest key of a table might be smaller than one that the stream will not show."""
    async with reading(connection, start):
        pass


async def _wait_for_prepared(connection: Connection) -> None:
    """Wait for a moment without prepared transactions: their rows are in no stream to come."""
    prepared: list[tuple[object, ...]] = []
    for _ in range(int(PREPARED_WAIT_S / PREPARED_POLL_S)):
        prepared = await connection.query("XA RECOVER")
        if not prepared:
            return
        await asyncio.sleep(PREPARED_POLL_S)
    raise ConfigurationError(
        f"{len(prepared)} distributed transactions are prepared and not decided (XA RECOVER lists "
        "them). Their rows were logged before the migration begins: decide them, then start again."
    )
