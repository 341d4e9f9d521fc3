"""Carries out cascades on the target, which holds the rows as they are at this place of the log."""

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from itertools import islice

from migrator.errors import TargetError
from migrator.load.cascades.dead_letters import DeadRows
from migrator.load.cascades.referring import fields_of, filter_of, index_of, values_of
from migrator.load.cascades.tasks import Moved, Task, Values, moved_rows, tasks_of
from migrator.load.changes.coalesce import TableRows
from migrator.load.changes.commands import commands_of
from migrator.model.document_key import document_key
from migrator.model.elements import replaced
from migrator.model.reference import Reference
from migrator.model.rows import Operation, TableChanges
from migrator.mongodb.session import Session
from migrator.mongodb.target import Target

PAGE_ROWS = 1_000
VALUES_AT_ONCE = 500
INDEX_PREFIX = "kooch_"
"""The migrator's own indexes: by them it finds the rows that refer to others."""


class Cascades:
    """Carries out cascades in the open transaction of a session."""

    def __init__(self, target: Target, session: Session, dead_rows: DeadRows) -> None:
        self._target = target
        self._session = session
        self._dead_rows = dead_rows

    async def prepare(self, references: Collection[Reference]) -> None:
        """Create what cannot be created in a transaction: collections and indexes."""
        for reference in references:
            collection = self._target.collections.collection_of(reference.child)
            await self._target.ensure(collection)
            if keys := index_of(reference):
                await self._target.ensure_index(collection, INDEX_PREFIX + reference.name, keys)

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
        """Change the next rows of a task, and take from it the values that are done."""
        some = dict(islice(task.values.items(), VALUES_AT_ONCE))
        collection = self._target.collections.collection_of(task.reference.child)
        wanted = filter_of(task.reference, some)
        found = await self._target.documents(collection, wanted, self._session, PAGE_ROWS)
        moved = await self._change(task.reference, found, some)
        if len(found) < PAGE_ROWS:
            moved += await self._dead_rows.change(task.reference, some, self._session)
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
            after = values[values_of(reference, fields)]
            rows.states[key] = (Operation.DELETE, key)
            new = None if after is None else dict(zip(reference.fields, after, strict=True))
            moved.append(Moved(fields, None if new is None else fields | new))
            if new is not None:
                changed = replaced(document, new, reference.key)
                rows.states[document_key(changed)] = (Operation.PUT, changed)
        database, name = self._target.collections.collection_of(reference.child)
        for command in commands_of(reference.child, rows, replacing=True):
            if await self._target.write(database, command.document(name), self._session):
                raise TargetError(
                    f"MongoDB refuses what the foreign key {reference.name} made of a row of "
                    f"{reference.child}. Copy the table again."
                )
        return moved


def first_tasks(cascades: Iterable[TableChanges]) -> deque[Task]:
    """What follows at once from the rows of cascades."""
    return deque(
        task
        for changes in cascades
        for task in tasks_of(changes.table, moved_rows(changes), changes.references)
    )
