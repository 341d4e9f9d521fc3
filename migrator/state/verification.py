"""What `verify` asks for, how far it is, and what differs.

One request is open at a time. Progress moves in the transaction that judges: nothing counts
twice, and a verification that was interrupted goes on where it was.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from migrator.model.state import KeyRange
from migrator.model.table import TableName
from migrator.mongodb.faults import mapped_errors
from migrator.mongodb.target import Document
from migrator.state.documents import range_from
from migrator.state.store import State

REQUEST = "request"
COUNTS = (
    "compared", "equal", "different", "missing", "extra", "again", "repaired", "dead_letters",
)  # fmt: skip


class Kind(StrEnum):
    """How a row and its document differ."""

    DIFFERENT = "different"
    MISSING = "missing"  # The row has no document.
    EXTRA = "extra"  # The document has no row.


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be verified: tables, at most so many rows a second."""

    id: str
    tables: tuple[TableName, ...]
    repair: bool = False
    hide_values: bool = False
    rows_per_second: int | None = None


@dataclass(frozen=True, slots=True)
class TableVerification:
    """How far the verification of one table is.

    The rows are compared range by range. Then the documents are looked through for those that
    have no row, up to the document key `back`. `again` counts the rows that changed while they
    were looked at, and were looked at again. `dead_letters` are rows that were not migrated.
    `why_not` says why the table cannot be compared. A table that is redefined meanwhile begins
    another `attempt`, and what was judged for an earlier one counts for nothing.
    """

    table: TableName
    request: str
    attempt: int = 1
    parts: tuple[KeyRange, ...] = ()
    back: bytes | None = None
    is_back: bool = False
    compared: int = 0
    equal: int = 0
    different: int = 0
    missing: int = 0
    extra: int = 0
    again: int = 0
    repaired: int = 0
    dead_letters: int = 0
    done: bool = False
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row and its document, which are not equal."""

    table: TableName
    key: Any
    kind: Kind
    fields: tuple[str, ...]
    row: dict[str, Any] | None
    document: dict[str, Any] | None
    repaired: bool
    at: datetime


class Verifications:
    """The collections `verifications`, `again` and `differences`."""

    def __init__(self, state: State) -> None:
        self._stored = state.collection("verifications")
        self._again = state.collection("again")
        self._differences = state.collection("differences")

    async def ask(self, request: Request) -> None:
        """Store a request; it replaces one with another id, and what was found for that."""
        document = {
            "_id": REQUEST,
            **asdict(request),
            "tables": [asdict(table) for table in request.tables],
        }
        with mapped_errors("store the request to verify"):
            old = await self._stored.find_one({"_id": REQUEST})
            if old is None or old["id"] != request.id:
                for stored in self._stored, self._again, self._differences:
                    await stored.delete_many({})
            await self._stored.replace_one({"_id": REQUEST}, document, upsert=True)

    async def request(self) -> Request | None:
        """The open request. Raises `TargetError`."""
        return await self._found({"_id": REQUEST, "withdrawn": None})

    async def last(self) -> Request | None:
        """The request that was asked for last, whether or not it was withdrawn."""
        return await self._found({"_id": REQUEST})

    async def _found(self, wanted: Document) -> Request | None:
        with mapped_errors("read the request to verify"):
            found = await self._stored.find_one(wanted)
        if found is None:
            return None
        return Request(
            found["id"],
            tuple(TableName(**table) for table in found["tables"]),
            found["repair"],
            found["hide_values"],
            found["rows_per_second"],
        )

    async def withdraw(self, request: str) -> None:
        """Stop verifying; the same request goes on where it was when it is asked for again."""
        with mapped_errors("withdraw the request to verify"):
            same = {"_id": REQUEST, "id": request}
            await self._stored.update_one(same, {"$set": {"withdrawn": True}})

    async def tables(self, request: str) -> tuple[TableVerification, ...]:
        """How far the tables are that have begun."""
        with mapped_errors("read how far a verification is"):
            found = await self._stored.find({"request": request}).sort("_id", 1).to_list(None)
        return tuple(map(_table_from, found))

    async def table(self, name: TableName, request: str) -> TableVerification | None:
        """How far one table is; None: it has not begun."""
        with mapped_errors("read how far a verification is"):
            found = await self._stored.find_one({"_id": str(name), "request": request})
        return _table_from(found) if found else None

    async def save(self, table: TableVerification) -> None:
        """Begin a table, or begin it anew, without what was found before."""
        name = {"_id": str(table.table)}
        with mapped_errors("store how far a verification is"):
            await self._again.delete_many({"table": name["_id"]})
            await self._differences.delete_many({"table": name["_id"]})
            await self._stored.replace_one(name, _table_document(table), upsert=True)

    async def end(self, table: TableName, request: str) -> None:
        """Everything of the table has been compared."""
        with mapped_errors("store how far a verification is"):
            await self._stored.update_one(
                {"_id": str(table), "request": request}, {"$set": {"done": True}}
            )

    async def open_again(self, table: TableName, limit: int) -> list[bytes]:
        """The document keys of rows that are still to be looked at again."""
        with mapped_errors("read which rows are to be looked at again"):
            found = await self._again.find({"table": str(table)}).limit(limit).to_list(None)
        return [bytes(document["key"]) for document in found]

    async def differences(self, limit: int) -> Sequence[Difference]:
        """The first differences that were found, those that are left before repaired ones."""
        with mapped_errors("read the differences"):
            order = [("repaired", 1), ("_id", 1)]
            found = await self._differences.find({}).sort(order).limit(limit).to_list(None)
        return [
            Difference(
                TableName(document["database"], document["name"]),
                document["key"],
                Kind(document["kind"]),
                tuple(document["fields"]),
                document["row"],
                document["document"],
                document["repaired"],
                document["at"],
            )
            for document in found
        ]


def _table_document(one: TableVerification) -> Document:
    document = {**asdict(one), "_id": str(one.table)}
    return {**document, "database": one.table.database, "table": one.table.name}


def _table_from(document: Document) -> TableVerification:
    return TableVerification(
        table=TableName(document["database"], document["table"]),
        request=document["request"],
        attempt=document["attempt"],
        parts=tuple(map(range_from, document["parts"])),
        back=document["back"],
        is_back=document["is_back"],
        done=document["done"],
        why_not=document["why_not"],
        **{name: document[name] for name in COUNTS},
    )
