"""What an operator asks for: tables that capture is to copy anew."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from migrator.model.table import TableName
from migrator.mongodb.faults import mapped_errors
from migrator.mongodb.target import Document
from migrator.state.store import State


@dataclass(frozen=True, slots=True)
class Recopy:
    """A table that is to be copied anew, for a reason that may be empty; asked for `at` a time."""

    table: TableName
    because: str
    at: datetime


class Recopies:
    """What has been asked for and is not carried out yet, one request for each table."""

    def __init__(self, state: State) -> None:
        self._requests = state.collection("recopies")

    async def ask(self, recopy: Recopy) -> None:
        """Store a request; it replaces an older one for the same table."""
        name = str(recopy.table)
        document = {
            "_id": name,
            "database": recopy.table.database,
            "table": recopy.table.name,
            "because": recopy.because,
            "at": recopy.at,
        }
        with mapped_errors("store the request to copy a table anew"):
            await self._requests.replace_one({"_id": name}, document, upsert=True)

    async def open(self) -> tuple[Recopy, ...]:
        """The requests that are not carried out yet."""
        with mapped_errors("read the requests to copy tables anew"):
            found = await self._requests.find({}).sort("_id", 1).to_list(None)
        return tuple(map(_recopy_from, found))

    async def forget(self, recopy: Recopy) -> None:
        """The request is carried out; one that was stored since stays."""
        same: dict[str, Any] = {"_id": str(recopy.table), "at": recopy.at}
        with mapped_errors("forget a request to copy a table anew"):
            await self._requests.delete_one(same)


def _recopy_from(document: Document) -> Recopy:
    table = TableName(document["database"], document["table"])
    return Recopy(table, document["because"], document["at"])
