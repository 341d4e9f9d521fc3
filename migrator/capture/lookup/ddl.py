"""What a statement in the log did to the tables: read from it, or looked up in the source.

The stream waits meanwhile, and what is emitted here belongs to its open transaction.
"""

from collections.abc import Iterable, Mapping

from migrator.capture.lookup.copies import Copies
from migrator.capture.lookup.foreign_keys import ForeignKeyFollower
from migrator.capture.stream.tables import Tables
from migrator.model.table import TableName
from migrator.mysql.catalog.tables import PRIMARY, Table, read_table, read_tables
from migrator.mysql.sql.alterations import Effect
from migrator.mysql.sql.statements import Statement
from migrator.mysql.wire.connection import Connection
from migrator.snapshot.planner import is_redefined
from migrator.state.store import State


class DdlFollower:
    """Follows definitions in the catalogue, which may be ahead of the stream but never lags."""

    def __init__(
        self, tables: Tables, copies: Copies, state: State, foreign_keys: ForeignKeyFollower
    ) -> None:
        self._tables = tables
        self._copies = copies
        self._state = state
        self._foreign_keys = foreign_keys

    async def join(
        self, connection: Connection, unknown: TableName | None, recopied: Iterable[TableName]
    ) -> None:
        """Rows arrived of an unknown table: copy it, leave it out, or note that it is gone.

        Tables `recopied` are copied again. Raises `SourceError`, `TargetError`.
        """
        if unknown is not None:
            await self._copies.join(connection, unknown)
        for name in recopied:
            await self._copies.restart(connection, name, empties=True)

    async def follow(self, connection: Connection, statement: Statement) -> None:
        """Copy again what the statement may have changed, and adopt the foreign keys of now.

        Raises `SourceError`, `TargetError`.
        """
        await self._follow_tables(connection, statement)
        await self._foreign_keys.follow(connection, statement)

    async def _follow_tables(self, connection: Connection, statement: Statement) -> None:
        if statement.table is None:
            for name in await self._concerned(connection, statement):
                await self._copies.restart(connection, name, empties=True)
            return
        known = self._tables.get(statement.table)
        name = known.name if known else self._tables.scope.folded(statement.table)
        if self._tables.scope.wants(name):
            await self._follow_one(connection, name, statement)

    async def _follow_one(
        self, connection: Connection, name: TableName, statement: Statement
    ) -> None:
        before = self._tables.get(name)
        match statement.effect:
            case Effect.NOTHING:
                return
            case Effect.CREATES if before:
                if not is_redefined(before, await read_table(connection, name)):
                    return
            case Effect.INDEXES if before and _keeps_primary_key(before, statement):
                return
        keeps = (
            statement.effect is Effect.COLUMNS
            and before is not None
            and _keeps_keys(before, await read_table(connection, name), statement)
        )
        await self._copies.restart(connection, name, empties=not keeps)

    async def _concerned(
        self, connection: Connection, statement: Statement
    ) -> Mapping[TableName, None]:
        """The tables that the statement names, and those whose definition has changed."""
        scope = self._tables.scope
        now = {table.name: table for table in await read_tables(connection, scope)}
        copies = [copy.table for copy in await self._state.tables()]
        known = dict.fromkeys([*(table.name for table in self._tables), *copies, *now])
        return {
            name: None
            for name in known
            if scope.wants(name)
            and (
                statement.mentions(name, scope.fold)
                or statement.mentions_database(name.database, scope.fold)
                or self._has_changed(name, now.get(name))
            )
        }

    def _has_changed(self, name: TableName, now: Table | None) -> bool:
        before = self._tables.get(name)
        if before is None:
            # A table that is left out is tried again when a statement names it, or at a start.
            return now is not None and self._tables.is_unexplained(name)
        return is_redefined(before, now)


def _keeps_primary_key(table: Table, statement: Statement) -> bool:
    """Whether the statement cannot touch the primary key, even as an index named PRIMARY."""
    return table.key_name == PRIMARY and PRIMARY.lower() not in _folded(statement)


def _keeps_keys(before: Table, now: Table | None, statement: Statement) -> bool:
    """Whether every row keeps its `_id`; where one changed, the old document would remain."""
    if now is None or not _keeps_primary_key(before, statement):
        return False
    columns = before.key_columns
    is_named = {column.name.lower() for column in columns} & _folded(statement)
    is_computed = any(column.generated for column in columns)
    return not is_named and not is_computed and now.key_columns == columns


def _folded(statement: Statement) -> set[str]:
    return {name.lower() for name in statement.names}
