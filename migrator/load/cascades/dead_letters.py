"""Rows that refer to others and were not carried over: foreign keys change them, too."""

from collections.abc import Mapping
from dataclasses import dataclass

from migrator.load.cascades.tasks import Moved
from migrator.load.changes.coalesce import TableRows
from migrator.load.changes.writing import write_rows
from migrator.model.document_key import document_key
from migrator.model.elements import DOCUMENT, Element, elements, of_elements
from migrator.model.reference import Reference, Values
from migrator.model.rows import Operation
from migrator.mongodb.referring import filter_of, successor, values_of
from migrator.mongodb.session import Session
from migrator.state.store import State
from migrator.state.suspects import Suspects

ROWS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class DeadRows:
    """The dead letters of rows that refer to others; `tables` are those that have any."""

    state: State
    tables: set[str]

    async def _suspect(self, reference: Reference, session: Session) -> None:
        """Have the rows read again whose dead letters do not show their values."""
        same = {
            "table": str(reference.child),
            "row": {"$not": {"$type": "object"}},
            "key": {"$ne": None},
        }
        name = self.state.name_of("dead_letters")
        keys = [
            of_elements([("_id", dict(elements(letter))["key"])])
            for letter in await self.state.target.documents(name, same, session, ROWS_MAX)
        ]
        if keys:
            await Suspects(self.state).note_keys(reference.child, keys, session)

    async def change(
        self, reference: Reference, values: Mapping[Values, Values | None], session: Session
    ) -> list[Moved]:
        """Delete or change the dead letters of rows that refer to these values."""
        if str(reference.child) not in self.tables:
            return []
        name = self.state.name_of("dead_letters")
        wanted = {"table": str(reference.child), **filter_of(reference, values, "row.")}
        found = await self.state.target.documents(name, wanted, session, ROWS_MAX)
        await self._suspect(reference, session)
        moved, rows = [], TableRows()
        for letter in found:
            key = document_key(letter)
            fields = dict(elements(dict(elements(letter))["row"][1:]))
            after = successor(values, values_of(reference, fields))
            row = Moved.by(reference, fields, after)
            moved.append(row)
            rows.states[key] = (Operation.DELETE, key)
            if row.new is not None:
                rows.states[key] = (Operation.PUT, _changed(letter, row.new, reference.key))
        await write_rows(self.state.target, name, reference.child, rows, session)
        return moved


def _changed(letter: bytes, fields: Mapping[str, Element], key: tuple[str, ...]) -> bytes:
    """The dead letter with other values of its row, and perhaps another key."""
    named = dict(elements(letter))
    named["row"] = bytes((DOCUMENT,)) + of_elements(fields.items())
    parts = [(name, fields[name]) for name in key if name in fields]
    if len(parts) == len(key):
        named["key"] = parts[0][1] if len(key) == 1 else bytes((DOCUMENT,)) + of_elements(parts)
    return of_elements(named.items())
