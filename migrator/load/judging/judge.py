"""Compares rows with documents in the transaction that moves the position past them.

Everything before the position has landed, and nothing after it: so the documents are exactly
those that the rows must be.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import bson

from migrator.load.changes.coalesce import OPTIONS, TableRows, depth
from migrator.load.changes.writing import write_rows
from migrator.load.judging.verdict import Expected, Finding, pages
from migrator.model.batch import Batch, Check
from migrator.model.document_key import document_key
from migrator.model.rows import Operation
from migrator.mongodb.session import Session
from migrator.mongodb.target import Document
from migrator.state.store import State
from migrator.state.verification import COUNTS

KEYS_AT_ONCE = 1_000
DOCUMENTS_AT_ONCE = 5_000
DIFFERENCES_MAX = 10_000
"""So many are kept of one table; all are counted."""
VALUE_BYTES_MAX = 1024 * 1024
VALUE_DEPTH_MAX = 90


class Judge:
    """Judges in the open transaction of a session."""

    def __init__(self, state: State, session: Session) -> None:
        self._state = state
        self._target = state.target
        self._session = session

    async def judge(self, batch: Batch) -> None:
        """Compare the batch's rows, note what differs, and record how far it is."""
        check = batch.check
        assert check is not None
        expected = Expected.of(batch, check)
        async for document in self._documents(expected):
            expected.judge(document)
        expected.miss(await self._dead(check, list(expected.rows)))
        again = expected.unclear()
        if expected.findings and await self._has_suspects():
            again += expected.put_off()
        if check.repairs:
            again += await self._repair(check, expected)
        expected.counts["again"] = len(again)
        if await self._record(check, expected):
            await self._note(check, expected.findings)
            await self._look_again(check, again)

    async def _documents(self, expected: Expected) -> AsyncIterator[bytes]:
        """The documents that may have something to do with the rows."""
        collection = self._target.collections.collection_of(expected.check.table)
        bounds = expected.check.bounds
        if bounds is None:
            for keys in pages([*expected.rows, *expected.absent, *expected.refused], KEYS_AT_ONCE):
                ids = [bson.decode(key, OPTIONS)["_id"] for key in keys]
                wanted = {"_id": {"$in": ids}}
                for document in await self._target.documents(
                    collection, wanted, self._session, len(keys)
                ):
                    yield document
            return
        lower, upper = (bson.decode(one, OPTIONS)["_id"] if one else None for one in bounds)
        # A comparison finds keys of one type only; documents with others are looked for by key.
        while True:
            within: Document = {"$gt": lower} if upper is None else {"$gt": lower, "$lte": upper}
            found = await self._target.documents(
                collection, {"_id": within}, self._session, DOCUMENTS_AT_ONCE, sort=[("_id", 1)]
            )
            for document in found:
                yield document
            if len(found) < DOCUMENTS_AT_ONCE:
                return
            lower = bson.decode(document_key(found[-1]), OPTIONS)["_id"]

    async def _dead(self, check: Check, keys: list[bytes]) -> set[bytes]:
        """Those of the keys whose rows are in the dead letters."""
        found: set[bytes] = set()
        stored = self._state.collection("dead_letters")
        for some in pages(keys, KEYS_AT_ONCE):
            ids = [bson.decode(key, OPTIONS)["_id"] for key in some]
            same = {"table": str(check.table), "key": {"$in": ids}}
            letters = stored.find(same, {"key": 1}, session=self._session.driver)
            async for letter in letters:
                found.add(document_key(bson.encode({"_id": letter["key"]})))
        return found

    async def _has_suspects(self) -> bool:
        """Whether documents may differ because a cascade left rows to be read again."""
        stored = self._state.collection("suspects")
        return await stored.find_one({}, {"_id": 1}, session=self._session.driver) is not None

    async def _repair(self, check: Check, expected: Expected) -> list[bytes]:
        """Make the documents what the rows are; returns their keys, to be looked at again."""
        rows = TableRows()
        for one in expected.findings:
            operation = Operation.DELETE if one.row is None else Operation.PUT
            rows.states[one.key] = (operation, one.row or one.key)
        place = self._target.collections.collection_of(check.table)
        await write_rows(self._target, place, check.table, rows, self._session)
        expected.counts["repaired"] = len(rows.states)
        # They count as compared when they are looked at again.
        expected.counts["compared"] -= sum(one.row is not None for one in expected.findings)
        return list(rows.states)

    async def _note(self, check: Check, findings: Sequence[Finding]) -> None:
        """Keep the differences, up to a number for each table."""
        if not findings:
            return
        stored = self._state.collection("differences")
        same = {"table": str(check.table)}
        kept = await stored.count_documents(same, session=self._session.driver)
        documents = [_difference(check, one) for one in findings[: DIFFERENCES_MAX - kept]]
        await self._put("differences", check, documents)

    async def _look_again(self, check: Check, keys: Sequence[bytes]) -> None:
        table = str(check.table)
        if check.settled:
            stored = self._state.collection("again")
            settled = [{"table": table, "key": key} for key in check.settled]
            same = {"_id": {"$in": settled}}
            await stored.delete_many(same, session=self._session.driver)
        documents = [
            {"_id": {"table": table, "key": key}, "table": table, "key": key} for key in keys
        ]
        await self._put("again", check, documents)

    async def _put(self, name: str, check: Check, documents: Sequence[Document]) -> None:
        """Insert or replace documents of the state."""
        rows = TableRows()
        for document in documents:
            row = bson.encode(document, codec_options=OPTIONS)
            rows.states[document_key(row)] = (Operation.PUT, row)
        place = self._state.name_of(name)
        await write_rows(self._target, place, check.table, rows, self._session)

    async def _record(self, check: Check, expected: Expected) -> bool:
        """Record how far the verification is; False: another attempt has begun, or another one."""
        counts = {name: expected.counts[name] for name in COUNTS if expected.counts[name]}
        # MongoDB refuses an update that says nothing.
        change: dict[str, Any] = {"$inc": counts, "$set": {"attempt": check.attempt}}
        if check.part is not None:
            part = f"parts.{check.part}"
            change["$set"] |= {f"{part}.last": check.last, f"{part}.done": check.done}
            change["$inc"][f"{part}.rows"] = expected.counts["compared"]
        elif not check.settled:
            change["$set"] |= {"back": check.last, "is_back": check.done}
        same = {"_id": str(check.table), "request": check.request, "attempt": check.attempt}
        result = await self._state.collection("verifications").update_one(
            same,
            {operator: fields for operator, fields in change.items() if fields},
            session=self._session.driver,
        )
        return result.matched_count == 1


def _difference(check: Check, one: Finding) -> Document:
    key = bson.decode(one.key, OPTIONS)["_id"]
    return {
        "_id": {"table": str(check.table), "key": one.key},
        "request": check.request,
        "table": str(check.table),
        "database": check.table.database,
        "name": check.table.name,
        "key": key,
        "kind": one.kind.value,
        "fields": one.fields,
        "row": None if check.hides_values else _shown(one.row),
        "document": None if check.hides_values else _shown(one.document),
        "repaired": check.repairs,
        "at": datetime.now(UTC),
    }


def _shown(document: bytes | None) -> Document | None:
    """A document inside another one; None if it is too large or too deep for that."""
    if document is None or len(document) > VALUE_BYTES_MAX:
        return None
    value = bson.decode(document, OPTIONS)
    return value if depth(value) <= VALUE_DEPTH_MAX else None
