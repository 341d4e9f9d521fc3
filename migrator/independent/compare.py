"""The comparison of one table: every row by its document, then every document by its row."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from migrator.independent.dead_letters import DeadLetters
from migrator.independent.documents import Documents
from migrator.independent.findings import Difference, Kind, TableFindings
from migrator.independent.looks import Suspect, Suspects, Verdict
from migrator.independent.source.rows import Rows
from migrator.independent.values.form import (
    NONE,
    Document,
    Refused,
    Unreadable,
    differing_fields,
    digest,
    identity,
)

SUSPECTS_MAX = 10_000
"""More are not taken before some of these are judged."""

Advance = Callable[[int], None]
"""Takes how many rows or documents were read."""


class TableComparison:
    """Compares one table with its collection, while both change."""

    def __init__(self, rows: Rows, documents: Documents, dead_letters: DeadLetters) -> None:
        self.findings = TableFindings(rows.table.name)
        self._rows = rows
        self._documents = documents
        self._dead_letters = dead_letters
        self._suspects = Suspects()

    async def run(self, advance: Advance) -> TableFindings:
        """Compare everything. Raises `SourceError`, `TargetError`."""
        await self._compare_rows(advance)
        await self._compare_documents(advance)
        while self._suspects:
            await asyncio.sleep(self._suspects.wait_s(time.monotonic()))
            await self._look_again()
        return self.findings

    async def _compare_rows(self, advance: Advance) -> None:
        is_last = False
        while not is_last:
            page = await self._rows.next_page()
            is_last = page.is_last
            self.findings.compared += len(page.documents)
            readable = [row for row in page.documents if not await self._is_keyless(row)]
            there = await self._documents.digests([row["_id"] for row in readable])
            for row in readable:
                own, found = digest(row), there.get(identity(row["_id"]), NONE)
                if own == found:
                    self.findings.equal += 1
                else:
                    self._suspect(Suspect.row(row["_id"], own, found))
            advance(len(page.documents))
            await self._make_room()

    async def _compare_documents(self, advance: Advance) -> None:
        async for ids in self._documents.ids():
            step = self._rows.look_rows
            for start in range(0, len(ids), step):
                asked = ids[start : start + step]
                there = await self._rows.exist(asked)
                for value in asked:
                    if identity(value) not in there:
                        self._suspect(Suspect.document(value))
            advance(len(ids))
            await self._make_room()

    def _suspect(self, suspect: Suspect) -> None:
        self._suspects.add(suspect, time.monotonic())

    async def _make_room(self) -> None:
        await self._look_again()
        while len(self._suspects) > SUSPECTS_MAX:
            await asyncio.sleep(self._suspects.wait_s(time.monotonic()))
            await self._look_again()

    async def _look_again(self) -> None:
        """Look at every suspect whose time has come."""
        while due := list(self._suspects.due(time.monotonic(), self._rows.look_rows)):
            ids = [suspect.id for suspect in due]
            rows = await self._rows.find(ids)
            documents = await self._documents.find(ids)
            for suspect in due:
                key = identity(suspect.id)
                await self._judge(suspect, rows.get(key), documents.get(key))

    async def _judge(
        self, suspect: Suspect, row: Document | None, document: Document | None
    ) -> None:
        verdict = suspect.look(row, document)
        if verdict is Verdict.LATER:
            self._suspects.later(suspect, time.monotonic())
            return
        self._suspects.settle(suspect)
        self.findings.looked_again += 1
        if verdict is Verdict.EQUAL:
            self.findings.equal += suspect.is_row
        elif await self._is_dead_letter(suspect.id, row, document):
            self.findings.dead_letters += 1
        else:
            unsettled = verdict is Verdict.UNSETTLED
            self.findings.add(self._difference(suspect.id, row, document, unsettled=unsettled))

    def _difference(
        self, value: Any, row: Document | None, document: Document | None, *, unsettled: bool
    ) -> Difference:
        kind = Kind.UNSETTLED if unsettled else kind_of(row, document)
        both = row is not None and document is not None
        fields = differing_fields(row or {}, document or {}) if both else ()
        return Difference(self._rows.table.name, kind, value, fields)

    async def _is_dead_letter(
        self, value: Any, row: Document | None, document: Document | None
    ) -> bool:
        if await self._dead_letters.has(value):
            return True
        missing = row is not None and document is None
        return missing and await self._dead_letters.take_keyless()

    async def _is_keyless(self, row: Document) -> bool:
        """Count a row that has no `_id`; no document can be looked for."""
        if not isinstance(row["_id"], Refused | Unreadable):
            return False
        if await self._dead_letters.take_keyless():
            self.findings.dead_letters += 1
        else:
            self.findings.add(Difference(self._rows.table.name, Kind.UNREADABLE, row["_id"].reason))
        return True


def kind_of(row: Document | None, document: Document | None) -> Kind:
    """What is wrong with a row that is not its document."""
    if row is None:
        return Kind.EXTRA
    if any(isinstance(value, Unreadable) for value in row.values()):
        return Kind.UNREADABLE
    return Kind.MISSING if document is None else Kind.DIFFERENT
