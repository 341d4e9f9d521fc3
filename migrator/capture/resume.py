"""Where a session begins: what has landed, what has been copied, and what the source still has."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from migrator.check.fitness import foreign_documents
from migrator.errors import ConfigurationError
from migrator.model.position import Position
from migrator.model.scope import Scope
from migrator.model.state import Landed, TableCopy
from migrator.model.table import TableName
from migrator.mysql.catalog.tables import PRIMARY, Table, read_tables
from migrator.mysql.position.gtid import flavour_of
from migrator.mysql.position.log import check_still_available, current_position
from migrator.mysql.position.order import earliest
from migrator.mysql.wire.connection import Connection
from migrator.snapshot.consistent_read import consistent_read
from migrator.snapshot.planner import key_of
from migrator.state.store import State

PREPARED_WAIT_S = 20.0
PREPARED_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Anew:
    """A table that is copied from its beginning; with `empties` its documents go first."""

    name: TableName
    empties: bool


@dataclass(frozen=True, slots=True)
class Resumption:
    """`landed` per partition, in their order; the reading begins at `position`, the earliest.

    Of the `tables`, some copies are `unfinished`; those of `anew` begin from nothing.
    """

    landed: tuple[Landed, ...]
    position: Position
    tables: tuple[Table, ...]
    unfinished: tuple[TableCopy, ...]
    anew: tuple[Anew, ...]

    @property
    def followed(self) -> tuple[Table, ...]:
        """The tables whose documents are those of the definition that they have now."""
        others = {one.name for one in self.anew}
        return tuple(table for table in self.tables if table.name not in others)

    @property
    def epochs(self) -> tuple[int, ...]:
        """The epoch of each partition in this session."""
        return tuple(landed.batch.epoch for landed in self.landed)


async def is_begun(state: State) -> bool:
    """Whether the target remembers this migration."""
    return bool(await state.landed())


async def resume(
    connection: Connection, state: State, scope: Scope, partitions: int, *, takes_over: bool
) -> Resumption:
    """Begin a new epoch of every partition, and find what is to be copied.

    Raises `ConfigurationError` for collections that are not ours, `PositionLost` when the
    source can no longer continue from where the data landed.
    """
    before = await state.landed()
    _check_partitions(before, partitions)
    _check_flavour(before, connection)
    if not before:
        if not takes_over:
            await _check_collections(connection, state, scope)
        await _wait_for_prepared(connection)
    # The position comes first: whatever changes after this line, the stream will show.
    start = await current_position(connection)
    # The highest first: if this is cut short, the number of partitions is known all the same.
    landed = [await state.begin_epoch(number, start) for number in reversed(range(partitions))]
    landed.reverse()
    # Else the greatest key of a table might be smaller than one that the stream will not show.
    async with consistent_read(connection, start):
        pass
    for one in landed:
        await check_still_available(connection, one.position)
    # Only now: a table that was altered before that position is in no stream to come.
    tables = await read_tables(connection, scope)
    position = earliest([one.position for one in landed])
    unfinished, anew = await _sorted_copies(state, tables, partitions, takes_over=takes_over)
    return Resumption(tuple(landed), position, tables, unfinished, anew)


async def _sorted_copies(
    state: State, tables: Sequence[Table], partitions: int, *, takes_over: bool
) -> tuple[tuple[TableCopy, ...], tuple[Anew, ...]]:
    """The copies that go on, and the tables whose copy begins anew."""
    # Progress of an older epoch cannot land any more: what is read now stays true.
    copies = {copy.table: copy for copy in await state.tables()}
    partition_of = state.target.collections.partition_of
    unfinished: list[TableCopy] = []
    anew: list[Anew] = []
    for table in tables:
        copy = copies.get(table.name)
        if copy is None:
            anew.append(Anew(table.name, empties=takes_over))
        elif _is_stale(copy, table, partition_of(table.name, partitions)):
            anew.append(Anew(table.name, empties=True))
        elif not copy.done:
            unfinished.append(copy)
    return tuple(unfinished), tuple(anew)


def _is_stale(copy: TableCopy, table: Table, partition: int) -> bool:
    """Whether what the collection holds is no beginning of a copy of this table."""
    if copy.left_out or not copy.parts or copy.partition != partition:
        return True
    if copy.emptied is not None:
        return True  # The batch that empties the collection was lost on its way.
    # The version before chose among several unique keys by other rules than the log does.
    return copy.key != key_of(table) if copy.key else table.key_name != PRIMARY


def _check_partitions(before: Sequence[Landed], partitions: int) -> None:
    stored = {landed.partition for landed in before}
    if stored and max(stored) + 1 != partitions:
        raise ConfigurationError(
            f"This migration was begun with {max(stored) + 1} partitions, and the settings say "
            f"{partitions}. Set partitions = {max(stored) + 1}: rows would land out of order."
        )


def _check_flavour(before: Sequence[Landed], connection: Connection) -> None:
    for landed in before:
        gtids = landed.position.gtids
        if gtids and flavour_of(gtids) is not connection.server.flavour:
            raise ConfigurationError(
                f"This migration was begun at a {flavour_of(gtids)} server, and the source at "
                f"{connection.url} is {connection.server.flavour}, where its position means "
                "nothing. Correct the source's URL, or begin a migration with another "
                "state_database and name."
            )


async def _check_collections(connection: Connection, state: State, scope: Scope) -> None:
    """Before anything is written: what we would mix our documents with."""
    collections = [
        state.target.collections.collection_of(table.name)
        for table in await read_tables(connection, scope)
    ]
    reasons = [await foreign_documents(state.target, collection) for collection in collections]
    if any(reasons):
        lines = "\n".join(f"- {reason}" for reason in reasons if reason)
        raise ConfigurationError(f"The migration cannot start:\n{lines}")


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
