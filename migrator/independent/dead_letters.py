"""The rows of one table that are known not to be carried over."""

from typing import Any

from migrator.independent.values.form import identity
from migrator.model.table import TableName
from migrator.mongodb.faults import mapped_errors
from migrator.mongodb.target import MongoCollection


class DeadLetters:
    """The dead letters of one table, in `_migrator`."""

    def __init__(self, collection: MongoCollection, table: TableName) -> None:
        self._collection = collection
        self._table = str(table)
        self._keyless: int | None = None

    async def has(self, value: Any) -> bool:
        """Whether the row with this `_id` is one. Raises `TargetError`."""
        same = {"table": self._table, "key": {"$eq": value}}
        with mapped_errors("look for a dead letter"):
            found = await self._collection.find(same, {"key": 1}).to_list(None)
        return any(identity(one["key"]) == identity(value) for one in found)

    async def take_keyless(self) -> bool:
        """Whether one is left of the rows that were refused because of their keys.

        Nobody can say which rows they are, so each accounts for one row without a document.
        """
        if self._keyless is None:
            same = {"table": self._table, "key": None}
            with mapped_errors("count dead letters"):
                self._keyless = await self._collection.count_documents(same)
        if not self._keyless:
            return False
        self._keyless -= 1
        return True
