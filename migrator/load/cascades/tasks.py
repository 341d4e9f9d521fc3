"""What follows from changed rows: which rows that refer to them go, or get other values. Pure.

InnoDB takes the constraints of a row one by one, in the order of their names, each with all
that follows from it before the next. Source: InnoDB, row0ins.cc,
`row_ins_foreign_check_on_constraint`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from migrator.errors import TargetError
from migrator.model.elements import NULL, Element
from migrator.model.reference import Action, Reference, Values
from migrator.model.table import TableName


@dataclass(frozen=True, slots=True)
class Moved:
    """A row to whose values others refer: these are `new` now, or gone with the row (None)."""

    old: Mapping[str, Element]
    new: Mapping[str, Element] | None

    @classmethod
    def by(
        cls, reference: Reference, fields: Mapping[str, Element], after: Values | None
    ) -> "Moved":
        """A row that refers to other values from now on, or goes (None)."""
        if after is None:
            return cls(fields, None)
        return cls(fields, {**fields, **dict(zip(reference.fields, after, strict=True))})


@dataclass(slots=True)
class Task:
    """Rows that refer to the first values go (None), or refer to the second ones instead.

    `references` are all that may follow from it.
    """

    reference: Reference
    references: Sequence[Reference]
    values: dict[Values, Values | None] = field(default_factory=dict)


def tasks_of(
    table: TableName, rows: Sequence[Moved], references: Sequence[Reference]
) -> Iterator[Task]:
    """What follows from changed rows of a table, in order."""
    for reference in references:
        if reference.parent != table:
            continue
        task = Task(reference, references)
        for row in rows:
            old = _referenced(reference, row.old)
            new = None if row.new is None else _referenced(reference, row.new)
            action = reference.on_delete if new is None else reference.on_update
            if action is Action.NOTHING or NULL in old or old == new:
                continue
            if old in task.values.values():
                # Some rows refer to this value only since the task began.
                yield task
                task = Task(reference, references)
            nulls = (NULL,) * len(old)
            task.values.setdefault(old, nulls if action is Action.SET_NULL else new)
        if task.values:
            yield task


def _referenced(reference: Reference, fields: Mapping[str, Element]) -> Values:
    try:
        return tuple(fields[name] for name in reference.referenced)
    except KeyError as error:
        raise TargetError(
            f"A document of {reference.parent} has no field {error}, to which {reference.child} "
            f"refers by {reference.name}. Copy the table again: python -m migrator recopy "
            f"{reference.parent}"
        ) from error
