"""Copies of tables: starts them again, ends them, or leaves a table out while others go on."""

from collections.abc import Iterable
from dataclasses import replace

import structlog

from migrator.capture.stream.tables import Tables
from migrator.capture.stream.timeline import Timeline
from migrator.check.fitness import foreign_documents
from migrator.model.state import TableCopy
from migrator.model.table import TableName
from migrator.mysql.wire.connection import Connection
from migrator.snapshot.copier import Copier
from migrator.snapshot.planner import Denied, Planned, Planner
from migrator.state.store import State

log = structlog.get_logger()


class Copies:
    """Decides what happens to a table's documents when its definition changes."""

    def __init__(
        self, state: State, timeline: Timeline, tables: Tables, copier: Copier, *, takes_over: bool
    ) -> None:
        self._state = state
        self._timeline = timeline
        self._tables = tables
        self._copier = copier
        self._takes_over = takes_over

    async def restart(self, connection: Connection, name: TableName, *, empties: bool) -> None:
        """Copy a table again: the binlog does not show what a statement did to its rows.

        With `empties`, its documents are deleted first, in the open transaction; so they are if
        another key now makes their `_id`s. A table that cannot be migrated is left out, with a
        warning.
        """
        copy = await self._copy(name)
        planned = await self._planned(connection, name, copy)
        if planned is not None:
            await self._begin_or_leave_out(name, copy, planned, empties=empties)
            return
        if self._is_ours(name, copy):
            self._timeline.empty(name)
        await self.forget(name)

    async def join(self, connection: Connection, name: TableName) -> None:
        """Rows arrived of an unknown table: copy it, leave it out, or note that it is gone."""
        copy = await self._copy(name)
        planned = await self._planned(connection, name, copy)
        if planned is not None:
            await self._begin_or_leave_out(name, copy, planned, empties=True)
        else:
            # It was dropped or renamed since. The stream will reach that statement, and under a
            # new name the rows are copied then, or have been already.
            self._tables.redefine(name, None)

    async def forget(self, name: TableName) -> None:
        """End the copy of a table that no longer exists."""
        self._timeline.windows.spoil(name)
        self._tables.redefine(name, None)
        self._copier.end(name)
        if (copy := await self._copy(name)) is not None:
            generation = copy.generation + 1
            ended = replace(copy, generation=generation, parts=(), emptied=None, left_out="")
            await self._state.save_table(ended)

    async def _planned(
        self, connection: Connection, name: TableName, copy: TableCopy | None
    ) -> Planned | Denied | None:
        collections = self._state.target.collections
        planner = Planner(connection, self._tables.options, collections)
        partition = self._timeline.batchers.of(name).partition
        planned = await planner.plan(name, partition, copy.generation + 1 if copy else 1)
        if not isinstance(planned, Planned) or planned.copy.left_out:
            return planned
        others = [table.name for table in self._tables if table.name != planned.table.name]
        reason = self._taken(planned.table.name, others)
        if not (reason or self._takes_over or self._is_ours(name, copy)):
            reason = await foreign_documents(
                self._state.target, collections.collection_of(planned.table.name)
            )
        return Denied(reason) if reason else planned

    def _is_ours(self, name: TableName, copy: TableCopy | None) -> bool:
        """Whether the documents in the table's collection were written for this table."""
        return self._tables.get(name) is not None or (copy is not None and copy.owned)

    def _taken(self, name: TableName, others: Iterable[TableName]) -> str:
        """Why the table's collection belongs to another table; "" if it does not."""
        collection_of = self._state.target.collections.collection_of
        collection = collection_of(name)
        for other in others:
            if collection_of(other).is_same(collection):
                return (
                    f"It would share the collection {collection} with {other}. To fix it: map one "
                    "of the two databases to another name, with mapping in migrator.toml."
                )
        return ""

    async def _begin_or_leave_out(
        self,
        name: TableName,
        copy: TableCopy | None,
        planned: Planned | Denied,
        *,
        empties: bool,
    ) -> None:
        if isinstance(planned, Denied):
            await self._leave_out(name, copy, planned.reason)
        elif planned.copy.left_out:
            await self._leave_out(planned.table.name, copy, planned.copy.left_out)
        else:
            # A dead letter without a key cannot be replaced: a second copy would count it twice.
            is_rekeyed = copy is not None and copy.key not in {(), planned.copy.key}
            empties = empties or is_rekeyed
            empties = empties or await self._state.has_dead_letters_without_key(name)
            await self._begin(planned, copy, empties=empties)

    async def _begin(self, planned: Planned, before: TableCopy | None, *, empties: bool) -> None:
        name = planned.table.name
        # The copy remembers the batch that empties the collection, in case that batch is lost.
        emptied = self._timeline.empty(name) if empties else before and before.emptied
        copy = replace(planned.copy, emptied=emptied or None)
        self._tables.redefine(name, planned.table)
        self._timeline.windows.spoil(name)
        # Between two transactions readers go on while the copy is saved, but not with the old one.
        self._copier.end(name)
        # Save it before the position passes the statement: after a crash the stream reads that
        # statement again.
        await self._state.save_table(copy)
        self._copier.begin(planned.table, copy)

    async def _leave_out(self, name: TableName, copy: TableCopy | None, reason: str) -> None:
        log.warning(
            f"{name} is left out from here on, and the other tables go on. Its documents stay in "
            f"MongoDB and go out of date. {reason}"
        )
        self._timeline.windows.spoil(name)
        self._tables.leave_out(name)
        self._copier.end(name)
        partition = self._timeline.batchers.of(name).partition
        known = copy or TableCopy(name, partition, 0, 0, (), owned=False)
        await self._state.save_table(
            replace(known, generation=known.generation + 1, parts=(), left_out=reason)
        )

    async def _copy(self, name: TableName) -> TableCopy | None:
        """What the state database holds about the table's copy."""
        fold = self._tables.scope.folded
        copies = await self._state.tables()
        return next((one for one in copies if fold(one.table) == fold(name)), None)
