"""Foreign keys whose actions the source's log may hide: what happens to rows that refer to others.

Sources: MySQL Reference Manual, "FOREIGN KEY Constraints"; MariaDB, "Foreign Keys". InnoDB
deletes and changes such rows below the layer that writes the log.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from migrator.model.elements import Element
from migrator.model.position import Position
from migrator.model.table import TableName

Values = tuple[Element, ...]
"""What a row refers to, in the order of the foreign key's columns."""


class Action(StrEnum):
    """What happens to a row when the row that it refers to goes, or gets another value."""

    NOTHING = "nothing"  # RESTRICT and NO ACTION: the statement fails instead.
    CASCADE = "cascade"  # It goes too, or gets the value too.
    SET_NULL = "set null"


class Match(StrEnum):
    """Which documents of a child refer to a value: those with its bytes, if it is that simple."""

    BYTES = "bytes"  # Those, and no others.
    AT_LEAST = "at least"  # Those, and perhaps others: the collation makes unequal bytes equal.
    AT_MOST = "at most"  # Perhaps not all of those: unequal values may become equal bytes.
    UNKNOWN = "unknown"  # The two columns store the value in different ways.


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A constraint: `columns` of the table `child` refer to `referenced` of `parent`."""

    name: str
    child: TableName
    columns: tuple[str, ...]
    parent: TableName
    referenced: tuple[str, ...]
    on_delete: Action
    on_update: Action

    @property
    def acts(self) -> bool:
        """Whether it changes rows, instead of forbidding a change."""
        return {self.on_delete, self.on_update} != {Action.NOTHING}

    @property
    def place(self) -> tuple[bytes, bytes]:
        """InnoDB carries out the constraints of one parent in this order."""
        return self.child.database.encode(), self.name.encode()


@dataclass(frozen=True, slots=True)
class Constraints:
    """The foreign keys that act, as of the stream's place in the log.

    `read_at` says where the log ended when they were read from the catalogue, which may be ahead
    of the stream; `later` says it of the children whose keys were read again since.
    """

    keys: tuple[ForeignKey, ...]
    read_at: Position
    later: Mapping[TableName, Position] = field(default_factory=dict)

    def place(self, child: TableName) -> Position:
        """Where the log ended when the foreign keys of a table were read."""
        return self.later.get(child, self.read_at)

    def with_those_of(self, children: Collection[TableName], now: Self) -> Self:
        """These, with the foreign keys of some tables as they have been read now."""
        keys = [key for key in self.keys if key.child not in children]
        keys += [key for key in now.keys if key.child in children]
        later = {**self.later, **dict.fromkeys(children, now.read_at)}
        return replace(self, keys=tuple(keys), later=later)

    def together(self) -> dict[TableName, TableName]:
        """For each table that a foreign key connects with others, the first of all of them."""
        first: dict[TableName, TableName] = {}
        for key in self.keys:
            one, other = first.get(key.child, key.child), first.get(key.parent, key.parent)
            least = min(one, other, key=str)
            first |= {key.child: least, key.parent: least}
            first |= {name: least for name, old in first.items() if old in {one, other}}
        return first


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key as `load` needs it: between fields of documents.

    `fields` of the child's documents, from its `columns`, refer to the fields `referenced` of the
    parent's rows, as `match` says. `key` names the fields in the child's `_id`, in order. A child
    that is changed must be read again if it `recomputes` columns from these fields.
    """

    name: str
    child: TableName
    fields: tuple[str, ...]
    parent: TableName
    referenced: tuple[str, ...]
    on_delete: Action
    on_update: Action
    key: tuple[str, ...]
    columns: tuple[str, ...] = ()
    match: Match = Match.BYTES
    recomputes: bool = False
