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

    async def has(self, value: Any) -> bool:
        """Whether the row with this `_id` is one. Raises `TargetError`."""
        same = {"table": self._table, "key": {"$eq": value}}
        with mapped_errors("look for a dead letter"):
            found = await self._collection.find(same, {"key": 1}).to_list(None)
        return any(identity(one["key"]) == identity(value) for one in found)

    async def has_keyless(self) -> bool:
        """Whether rows were refused because of their keys, so that nobody can say which."""
        same = {"table": self._table, "key": None}
        with mapped_errors("look for dead letters"):
            return await self._collection.find_one(same, {"_id": 1}) is not None
