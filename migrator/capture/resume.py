"""Where a session begins: what has landed, what has been copied, and what the source still has."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from migrator.capture.lookup.foreign_keys import known_constraints
from migrator.check.fitness import foreign_documents
from migrator.errors import ConfigurationError
from migrator.model.collection import CollectionMap
from migrator.model.position import Position
from migrator.model.reference import Constraints
from migrator.model.scope import Scope
from migrator.model.state import Landed, TableCopy
from migrator.model.table import TableName
from migrator.mysql.catalog.tables import PRIMARY, Table, read_tables
from migrator.mysql.position.gtid import flavour_of
from migrator.mysql.position.log import check_still_available, current_position
from migrator.mysql.position.order import earliest
from migrator.mysql.wire.connection import Connection
from migrator.settings import Settings
from migrator.snapshot.consistent_read import consistent_read
from migrator.snapshot.planner import key_of
from migrator.state.store import State

PREPARED_WAIT_S = 20.0
PREPARED_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class NewCopy:
    """A table to copy from the start; with `empties`, its documents are deleted first."""

    name: TableName
    empties: bool


@dataclass(frozen=True, slots=True)
class Resumption:
    """Where a session resumes: what has `landed` in each partition, in the partitions' order.

    The stream starts at `position`, the earliest of them. Of the selected `tables`, the copies
    that are `unfinished` continue, and `new_copies` start from the beginning. `constraints` are
    those at the stream's start; `collections` knows which tables they keep in one partition.
    """

    landed: tuple[Landed, ...]
    position: Position
    tables: tuple[Table, ...]
    unfinished: tuple[TableCopy, ...]
    new_copies: tuple[NewCopy, ...]
    constraints: Constraints
    collections: CollectionMap

    @property
    def followed(self) -> tuple[Table, ...]:
        """The tables whose documents match their present definition."""
        others = {one.name for one in self.new_copies}
        return tuple(table for table in self.tables if table.name not in others)

    @property
    def epochs(self) -> tuple[int, ...]:
        """The epoch of each partition in this session."""
        return tuple(landed.batch.epoch for landed in self.landed)


async def is_begun(state: State) -> bool:
    """Whether the target holds the state of this migration."""
    return bool(await state.landed())


async def resume(
    connection: Connection, state: State, scope: Scope, settings: Settings
) -> Resumption:
    """Begin a new epoch of every partition, and find what must be copied.

    Raises `ConfigurationError` for settings or collections that do not fit this migration,
    `PositionLost` when the source no longer has the log after what landed.
    """
    partitions, takes_over = settings.partitions, settings.take_over
    before = await state.landed()
    _check_partitions(before, partitions)
    _check_flavour(before, connection)
    if not before:
        if not takes_over:
            await _check_collections(connection, state, scope)
        await _wait_for_prepared(connection)
    # Read the position first: the stream then shows every change made after this line.
    start = await current_position(connection)
    # The highest first: if this is interrupted, the state still shows the number of partitions.
    landed = [await state.begin_epoch(number, start) for number in reversed(range(partitions))]
    landed.reverse()
    # Otherwise the planner could miss the greatest keys: rows before `start` that the stream
    # does not show, and that the tables do not show yet.
    async with consistent_read(connection, start):
        pass
    for one in landed:
        await check_still_available(connection, one.position)
    # Read the definitions only now: the stream will not show an ALTER from before `start`.
    tables = await read_tables(connection, scope)
    constraints = await known_constraints(connection, state)
    collections = replace(settings.collections, together=constraints.together())
    position = earliest([one.position for one in landed])
    numbers = {table.name: collections.partition_of(table.name, partitions) for table in tables}
    unfinished, new_copies = await _sorted_copies(state, tables, numbers, takes_over=takes_over)
    return Resumption(
        tuple(landed), position, tables, unfinished, new_copies, constraints, collections
    )


async def _sorted_copies(
    state: State, tables: Sequence[Table], numbers: Mapping[TableName, int], *, takes_over: bool
) -> tuple[tuple[TableCopy, ...], tuple[NewCopy, ...]]:
    """The copies that continue, and those that start from the beginning."""
    # Progress of an older epoch can no longer land, so what is read here stays true.
    copies = {copy.table: copy for copy in await state.tables()}
    unfinished: list[TableCopy] = []
    new_copies: list[NewCopy] = []
    for table in tables:
        copy = copies.get(table.name)
        if copy is None:
            new_copies.append(NewCopy(table.name, empties=takes_over))
        elif _is_stale(copy, table, numbers[table.name]):
            new_copies.append(NewCopy(table.name, empties=True))
        elif not copy.done:
            unfinished.append(copy)
    return tuple(unfinished), tuple(new_copies)


def _is_stale(copy: TableCopy, table: Table, partition: int) -> bool:
    """Whether the collection's documents cannot be continued as a copy of this table."""
    if copy.left_out or not copy.parts or copy.partition != partition:
        return True
    if copy.emptied is not None:
        return True  # The batch that empties the collection was lost on its way.
    # The version that stored no key chose among several unique keys by other rules than the log.
    return copy.key != key_of(table) if copy.key else table.key_name != PRIMARY


def _check_partitions(before: Sequence[Landed], partitions: int) -> None:
    stored = {landed.partition for landed in before}
    if stored and max(stored) + 1 != partitions:
        raise ConfigurationError(
            f"This migration was begun with {max(stored) + 1} partitions, and the settings say "
            f"{partitions}. Set partitions = {max(stored) + 1}: with any other number, rows would "
            "land out of order."
        )


def _check_flavour(before: Sequence[Landed], connection: Connection) -> None:
    for landed in before:
        gtids = landed.position.gtids
        if gtids and flavour_of(gtids) is not connection.server.flavour:
            raise ConfigurationError(
                f"This migration was begun at a {flavour_of(gtids)} server, and the source at "
                f"{connection.url} is {connection.server.flavour}, which cannot use its position. "
                "Correct the source's URL, or begin another migration with its own "
                "state_database and name."
            )


async def _check_collections(connection: Connection, state: State, scope: Scope) -> None:
    """Raise `ConfigurationError` for collections that hold documents of somebody else."""
    collections = [
        state.target.collections.collection_of(table.name)
        for table in await read_tables(connection, scope)
    ]
    reasons = [await foreign_documents(state.target, collection) for collection in collections]
    if any(reasons):
        lines = "\n".join(f"- {reason}" for reason in reasons if reason)
        raise ConfigurationError(f"The migration cannot start:\n{lines}")


async def _wait_for_prepared(connection: Connection) -> None:
    """Wait for a moment without prepared transactions: the stream would not show their rows."""
    prepared: list[tuple[object, ...]] = []
    for _ in range(int(PREPARED_WAIT_S / PREPARED_POLL_S)):
        prepared = await connection.query("XA RECOVER")
        if not prepared:
            return
        await asyncio.sleep(PREPARED_POLL_S)
    raise ConfigurationError(
        f"{len(prepared)} distributed transactions are prepared and not decided (XA RECOVER lists "
        "them). Their rows are in the log before the point where this migration begins, and would "
        "be missing: run XA COMMIT or XA ROLLBACK for each, then start again."
    )
