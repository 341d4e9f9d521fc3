"""The foreign keys whose actions the log hides, as of the stream's place in the log.

A parent may be excluded from the migration: its events are read for its children's sake.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from migrator.capture.stream.tables import SHAPES_MAX, Tables
from migrator.errors import UnsupportedChange
from migrator.model.reference import Action, ForeignKey, Match, Reference
from migrator.model.table import TableName
from migrator.mysql.binlog.events import Rows, RowsKind
from migrator.mysql.binlog.referenced import ReferencedChange, ReferencedDecoder
from migrator.mysql.catalog.references import reference_of
from migrator.mysql.catalog.tables import Table
from migrator.mysql.columns.column import TableShape


@dataclass(frozen=True, slots=True)
class Parent:
    """A table whose rows others refer to, as one table map describes it.

    `references` are those to it and, further down, to the tables that these change. Changes of
    its rows of these `kinds` may change others. A `problem` says why it cannot be known which. If
    the catalogue `is_ahead` of the stream, so that columns have other names there, only a copy
    tells.
    """

    name: TableName
    decoder: ReferencedDecoder
    references: tuple[Reference, ...]
    kinds: frozenset[RowsKind]
    problem: str
    is_ahead: bool

    def changes(self, event: Rows) -> list[ReferencedChange]:
        """The rows of an event that concerns it because of which other rows may change.

        Raises `UnsupportedChange` if these cannot be known.
        """
        found = self.decoder.changes(event)
        if found and self.problem:
            raise UnsupportedChange(self.problem)
        return found

    def concerns(self, event: Rows) -> bool:
        """Whether foreign keys may have acted because of these rows, unseen."""
        return event.kind in self.kinds and event.hides

    def is_unclear(self, event: Rows) -> bool:
        """Whether only a copy can tell what became of other rows."""
        return self.is_ahead or (
            event.kind is RowsKind.UPDATE
            and any(
                one.match is not Match.BYTES
                and one.on_update is Action.CASCADE
                and not set(one.fields).isdisjoint(one.key)
                for one in self.references
            )
        )

    @property
    def children(self) -> tuple[TableName, ...]:
        """The tables whose rows may change."""
        return tuple(dict.fromkeys(reference.child for reference in self.references))


class References:
    """What the constraints are now."""

    def __init__(self, tables: Tables) -> None:
        self.keys: tuple[ForeignKey, ...] = ()
        self.tables = tables
        self._parents: Mapping[TableName, Table] = {}
        self._known: dict[int, tuple[TableShape, Parent | None]] = {}
        self._version = tables.version

    def adopt(self, keys: Iterable[ForeignKey], parents: Mapping[TableName, Table]) -> None:
        """From here on, these are the constraints; `parents` define tables not migrated."""
        self.keys = tuple(sorted((key for key in keys if key.acts), key=lambda key: key.place))
        self._parents = parents
        self._known.clear()

    def wants_rows(self, name: TableName) -> bool:
        """Whether rows of this table are read."""
        return self.tables.wants_rows(name) or bool(self._to(name))

    def parent(self, shape: TableShape) -> Parent | None:
        """The table of a table map, if rows of migrated tables refer to it."""
        if self._version != self.tables.version or len(self._known) >= SHAPES_MAX:
            self._known.clear()
            self._version = self.tables.version
        # By identity, as `Tables.decoder` does it.
        found = self._known.get(id(shape))
        if found is None:
            found = self._known[id(shape)] = (shape, self._new_parent(shape))
        return found[1]

    def changes_unseen(self, table: TableName) -> bool:
        """Whether a foreign key of the table may change its rows, and the log show nothing."""
        fold = self.tables.scope.folded
        return any(fold(key.child) == fold(table) for key in self.keys)

    def to(self, parent: TableName) -> tuple[Reference, ...]:
        """The references to a table, and on to the tables that change with these."""
        return self._reachable(parent)[0]

    def _new_parent(self, shape: TableShape) -> Parent | None:
        references, hidden = self._reachable(shape.table)
        if not references and hidden is None:
            return None
        keys = self._to(shape.table)
        index_of = {column.name.lower(): index for index, column in enumerate(shape.columns)}
        wanted = dict.fromkeys(name.lower() for key in keys for name in key.referenced)
        kinds = {
            RowsKind.DELETE: any(key.on_delete is not Action.NOTHING for key in keys),
            RowsKind.UPDATE: any(key.on_update is not Action.NOTHING for key in keys),
        }
        definition = self._definition(shape.table)
        columns = [index_of[name] for name in wanted if name in index_of]
        return Parent(
            definition.name if definition else keys[0].parent,
            ReferencedDecoder(shape, columns, self.tables.options),
            references,
            frozenset(kind for kind, acts in kinds.items() if acts),
            _problem(references, hidden),
            len(columns) < len(wanted) or not all(one.fields for one in references),
        )

    def _reachable(self, parent: TableName) -> tuple[tuple[Reference, ...], TableName | None]:
        """The references to a table and on to further ones, and a table that hides any."""
        found: dict[ForeignKey, Reference] = {}
        hidden = None
        waiting = [parent]
        for name in waiting:
            for key in self._to(name):
                child = self.tables.get(key.child)
                if child is None and self._leads_on(key.child):
                    hidden = key.child
                if child is not None and key not in found:
                    parent_now = self._definition(key.parent)
                    found[key] = reference_of(key, child, parent_now, self.tables.options)
                    waiting.append(key.child)
        return tuple(found[key] for key in self.keys if key in found), hidden

    def _leads_on(self, table: TableName) -> bool:
        """Whether rows of a migrated table refer to this one, directly or not."""
        waiting = [table]
        for name in waiting:
            children = [key.child for key in self._to(name)]
            if any(self.tables.get(child) is not None for child in children):
                return True
            waiting += [child for child in children if child not in waiting]
        return False

    def _to(self, parent: TableName) -> list[ForeignKey]:
        fold = self.tables.scope.folded
        return [key for key in self.keys if fold(key.parent) == fold(parent)]

    def _definition(self, name: TableName) -> Table | None:
        return self.tables.get(name) or self._parents.get(self.tables.scope.folded(name))


def _problem(references: Sequence[Reference], hidden: TableName | None) -> str:
    """Why it cannot be known which rows change, as a sentence; "" if it can."""
    if hidden is not None:
        return (
            f"A foreign key changed rows of {hidden}, which is not migrated, and these may have "
            "changed rows of migrated tables in turn: the log shows neither. Migrate it, too."
        )
    unknown = (one for one in references if one.match is Match.UNKNOWN and one.fields)
    unlike = next(unknown, None)
    if unlike is not None:
        return (
            f"Rows of {unlike.child} may have been changed by its foreign key {unlike.name}, and "
            f"the log does not show which: its columns are not of the same types as those of "
            f"{unlike.parent}. Give them the same types."
        )
    return ""
