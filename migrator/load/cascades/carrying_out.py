"""Carries out cascades on the target, which holds the rows as they are at this place of the log."""

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from itertools import islice

import bson

from migrator.load.cascades.dead_letters import DeadRows
from migrator.load.cascades.tasks import Moved, Task, tasks_of
from migrator.load.changes.coalesce import TableRows
from migrator.load.changes.writing import write_rows
from migrator.model.document_key import document_key, has_key
from migrator.model.elements import elements, replaced
from migrator.model.reference import Match, Reference, Values
from migrator.model.rows import Operation, TableChanges
from migrator.model.table import TableName
from migrator.mongodb.referring import OPTIONS, fields_of, filter_of, index_of, successor, values_of
from migrator.mongodb.session import Session
from migrator.state.store import State
from migrator.state.suspects import Suspects

PAGE_ROWS = 1_000
VALUES_AT_ONCE = 500
PUT = Operation.PUT
INDEX_PREFIX = "kooch_"
"""The migrator's own indexes: by them it finds the rows that refer to others."""


class Cascades:
    """Carries out cascades in the open transaction of a session."""

    def __init__(self, state: State, session: Session, dead_rows: DeadRows) -> None:
        self._target = state.target
        self._session = session
        self._dead_rows = dead_rows
        self._suspects = Suspects(state)

    async def prepare(self, references: Collection[Reference]) -> None:
        """Create what cannot be created in a transaction: collections and indexes."""
        for reference in references:
            collection = self._target.collections.collection_of(reference.child)
            await self._target.ensure(collection)
            if keys := index_of(reference):
                await self._target.ensure_index(collection, INDEX_PREFIX + reference.name, keys)

    async def first_tasks(self, cascades: Iterable[TableChanges]) -> deque[Task]:
        """What follows at once from the rows of cascades."""
        tasks: deque[Task] = deque()
        for changes in cascades:
            moved = [await self._moved(changes.table, one) for one in changes.documents()]
            known = [one for one in moved if one is not None]
            tasks.extend(tasks_of(changes.table, known, changes.references))
        return tasks

    async def _moved(self, table: TableName, change: bytes) -> Moved | None:
        """A row of a cascade; None if it has no document that could have changed."""
        sides = {
            name: dict(elements(value[1:])) for name, value in elements(change) if name != "_id"
        }
        if has_key(change):
            # The row was read again: what it was before, its document shows.
            collection = self._target.collections.collection_of(table)
            key = bson.decode(document_key(change), OPTIONS)
            found = await self._target.documents(collection, key, self._session, 1)
            if not found:
                return None
            sides["old"] = dict(elements(found[0]))
        return Moved(sides["old"], sides.get("new"))

    async def carry_out(self, tasks: deque[Task], rows_max: int | None) -> None:
        """Carry out the tasks and what follows from them, up to `rows_max` rows or a few more.

        What is left to do stays in `tasks`.
        """
        count = 0
        while tasks and (rows_max is None or count < rows_max):
            task = tasks.popleft()
            moved = await self._advance(task)
            count += len(moved)
            if task.values:
                tasks.appendleft(task)
            # First what follows from these rows, as InnoDB does it.
            following = list(tasks_of(task.reference.child, moved, task.references))
            tasks.extendleft(reversed(following))

    async def _advance(self, task: Task) -> list[Moved]:
        """Change the next rows of a task, and take from it the values that are done.

        Which rows refer to a value is perhaps not to be seen from their bytes: what remains is
        noted, to be read again.
        """
        reference, session = task.reference, self._session
        some = dict(islice(task.values.items(), VALUES_AT_ONCE))
        found: list[bytes] = []
        if reference.match is not Match.AT_MOST:
            collection = self._target.collections.collection_of(reference.child)
            wanted = filter_of(reference, some)
            found = await self._target.documents(collection, wanted, session, PAGE_ROWS)
        moved = await self._change(reference, found, some)
        if len(found) < PAGE_ROWS:
            moved += await self._dead_rows.change(reference, some, session)
            if reference.match is not Match.BYTES:
                await self._suspects.note_values(reference, some, session)
            for value in some:
                del task.values[value]
        return moved

    async def _change(
        self, reference: Reference, found: Sequence[bytes], values: dict[Values, Values | None]
    ) -> list[Moved]:
        """Delete or change these documents."""
        moved: list[Moved] = []
        rows = TableRows()
        for document in found:
            key = document_key(document)
            fields = fields_of(document, reference.key)
            after = successor(values, values_of(reference, fields))
            rows.states[key] = (Operation.DELETE, key)
            row = Moved.by(reference, fields, after)
            moved.append(row)
            if row.new is not None:
                changed = replaced(document, row.new, reference.key)
                rows.states[document_key(changed)] = (PUT, changed)
        changed_keys = [key for key, (operation, _) in rows.states.items() if operation is PUT]
        if reference.recomputes and changed_keys:
            await self._suspects.note_keys(reference.child, changed_keys, self._session)
        place = self._target.collections.collection_of(reference.child)
        await write_rows(self._target, place, reference.child, rows, self._session)
        return moved
