"""Follows the definitions of foreign keys, so that each counts from its place in the log.

The catalogue may be ahead of the stream. So a table's foreign keys are read when a statement
that names it arrives, and remembered in the state. If they had been read after that statement
already, what counted before it was perhaps wrong: the table is copied again.
"""

from collections.abc import Iterable

from migrator.capture.lookup.copies import Copies
from migrator.capture.stream.references import References
from migrator.capture.stream.tables import Tables
from migrator.capture.stream.timeline import Timeline
from migrator.errors import Gap, SourceError
from migrator.model.position import Position
from migrator.model.reference import Constraints, ForeignKey
from migrator.model.table import TableName
from migrator.mysql.catalog.foreign_keys import read_foreign_keys
from migrator.mysql.catalog.tables import Table, read_table
from migrator.mysql.position.log import current_position
from migrator.mysql.position.order import covers, offset_of
from migrator.mysql.sql.alterations import Effect
from migrator.mysql.sql.statements import Statement
from migrator.mysql.wire.connection import Connection
from migrator.state.store import State

ABOUT = frozenset({"foreign", "references", "constraint", "rename", "change"})
"""One of these words is in every statement that defines foreign keys of a table that stays."""
UNABOUT = frozenset({Effect.NOTHING, Effect.INDEXES, Effect.COLUMNS})
"""Effects of statements without these words that concern no foreign key."""


async def known_constraints(connection: Connection, state: State) -> Constraints:
    """The foreign keys that were remembered; of a new migration those of now, which it remembers.

    Raises `SourceError`, `TargetError`.
    """
    constraints = await state.constraints()
    if constraints is None:
        constraints = await _read(connection)
        await state.save_constraints(constraints)
    return constraints


async def parents_of(
    connection: Connection, tables: Tables, keys: Iterable[ForeignKey]
) -> dict[TableName, Table]:
    """The definitions of tables that are not migrated, and that rows of others refer to.

    Without those that our privileges do not show.
    """
    found = {}
    for name in {key.parent for key in keys if tables.get(key.parent) is None}:
        try:
            table = await read_table(connection, name)
        except SourceError as error:
            if error.retryable:
                raise
            continue
        if table is not None:
            found[tables.scope.folded(name)] = table
    return found


class ForeignKeyFollower:
    """Looks at statements that may have changed foreign keys."""

    def __init__(
        self, state: State, timeline: Timeline, references: References, copies: Copies
    ) -> None:
        self._state = state
        self._timeline = timeline
        self._references = references
        self._copies = copies

    async def follow(self, connection: Connection, statement: Statement) -> None:
        """Adopt the foreign keys of the tables that the statement names.

        Raises `SourceError`, `TargetError`, and `Gap` for a new session if tables of several
        partitions are connected now.
        """
        is_about = ABOUT & {name.lower() for name in statement.names}
        if statement.effect in UNABOUT and not is_about:
            return
        before = await known_constraints(connection, self._state)
        now = await _read(connection)
        concerned = self._concerned(statement, before, now)
        after = before.with_those_of(concerned, now)
        await self._state.save_constraints(after)
        parents = await parents_of(connection, self._references.tables, after.keys)
        self._references.adopt(after.keys, parents)
        self._check_partitions(after)
        late = [name for name in concerned if self._is_executed(before.place(name))]
        for name in self._below(late):
            await self._copies.restart(connection, name, empties=True)

    def _concerned(
        self, statement: Statement, before: Constraints, now: Constraints
    ) -> set[TableName]:
        """The children whose foreign keys the statement may have changed."""
        fold = self._references.tables.scope.fold

        def is_named(name: TableName) -> bool:
            return statement.mentions(name, fold) or statement.mentions_database(
                name.database, fold
            )

        keys = {*before.keys, *now.keys}
        concerned = {key.child for key in keys if is_named(key.child) or is_named(key.parent)}
        # The catalogue no longer has a foreign key that was dropped soon after.
        named = {table.name for table in self._references.tables if is_named(table.name)}
        return concerned | named

    def _is_executed(self, read_at: Position) -> bool:
        """Whether the server had executed the statement already at this place of its log."""
        reached = self._timeline.reached
        if read_at.server == reached.server and read_at.file:
            return offset_of(read_at) >= offset_of(reached)
        return covers(read_at, reached)

    def _below(self, names: Iterable[TableName]) -> list[TableName]:
        """The tables that are migrated, and those whose rows theirs may change."""
        waiting = list(names)
        for name in waiting:
            children = (key.child for key in self._references.keys if key.parent == name)
            waiting += [child for child in children if child not in waiting]
        return [name for name in waiting if self._references.tables.get(name) is not None]

    def _check_partitions(self, constraints: Constraints) -> None:
        batchers = self._timeline.batchers
        for key in constraints.keys:
            if batchers.of(key.child) is not batchers.of(key.parent):
                raise Gap(
                    f"The foreign key {key.name} connects {key.child} and {key.parent}, which "
                    "share a partition from here on."
                )


async def _read(connection: Connection) -> Constraints:
    keys = tuple(key for key in await read_foreign_keys(connection) if key.acts)
    return Constraints(keys, await current_position(connection))
