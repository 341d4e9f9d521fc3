"""Rows that foreign keys may have changed, and that only the source can tell.

`load` notes them with the cascade that left them in suspect; `capture` reads them again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from migrator.model.elements import Element
from migrator.model.reference import Reference
from migrator.model.table import TableName
from migrator.model.wire import reference_document, reference_from
from migrator.mongodb.faults import mapped_errors
from migrator.mongodb.session import Session
from migrator.mongodb.target import Document
from migrator.state.store import State

OPEN_MAX = 100
"""How many suspects are read at once."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """Rows of a table: those with these document keys, or that refer to one of these values."""

    id: Any
    table: TableName
    keys: tuple[bytes, ...] = ()
    reference: Reference | None = None
    values: tuple[tuple[Element, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Suspects:
    """The collection `suspects`."""

    state: State

    async def note_keys(self, table: TableName, keys: Sequence[bytes], session: Session) -> None:
        """Note rows by their keys, in the open transaction of the session."""
        await self._insert({"table": asdict(table), "keys": list(keys)}, session)

    async def note_values(
        self, reference: Reference, values: Iterable[tuple[Element, ...]], session: Session
    ) -> None:
        """Note the rows that may refer to values, in the open transaction of the session."""
        document = {
            "table": asdict(reference.child),
            "reference": reference_document(reference),
            "values": [list(one) for one in values],
        }
        await self._insert(document, session)

    async def open(self, without: Sequence[Any]) -> list[Suspect]:
        """The oldest suspects, without those with these ids. Raises `TargetError`."""
        wanted = {"_id": {"$nin": list(without)}}
        stored = self.state.collection("suspects")
        with mapped_errors("read which rows are in suspect"):
            found = await stored.find(wanted).sort("_id", 1).limit(OPEN_MAX).to_list(None)
        return list(map(_suspect_from, found))

    async def settle(self, ids: Sequence[Any]) -> None:
        """The rows have been read again, and what was read has landed."""
        with mapped_errors("settle suspects"):
            await self.state.collection("suspects").delete_many({"_id": {"$in": list(ids)}})

    async def _insert(self, document: Document, session: Session) -> None:
        await self.state.collection("suspects").insert_one(document, session=session.driver)


def _suspect_from(document: Document) -> Suspect:
    reference = document.get("reference")
    return Suspect(
        document["_id"],
        TableName(**document["table"]),
        tuple(document.get("keys", ())),
        reference_from(reference) if reference else None,
        tuple(map(tuple, document.get("values", ()))),
    )
