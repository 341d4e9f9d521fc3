"""Where a table of the source lives in the target."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from zlib import crc32

from migrator.model.table import TableName


class CollectionName(NamedTuple):
    """A collection of the target."""

    database: str
    collection: str

    def __str__(self) -> str:
        return f"{self.database}.{self.collection}"

    def is_same(self, other: "CollectionName") -> bool:
        """Whether MongoDB takes them for one: it has no two databases that differ in case only."""
        same = self.database.lower() == other.database.lower()
        return same and self.collection == other.collection


@dataclass(frozen=True, slots=True)
class CollectionMap:
    """The target's name of each database of the source; one that is not named keeps its own."""

    databases: Mapping[str, str] = field(default_factory=dict)

    def collection_of(self, table: TableName) -> CollectionName:
        """The collection that holds the table's rows.

        A database may be named in other letters: where the server folds names, the settings
        need not know how.
        """
        database = self.databases.get(table.database)
        if database is None:
            folded = {name.lower(): target for name, target in self.databases.items()}
            database = folded.get(table.database.lower(), table.database)
        return CollectionName(database, table.name)

    def partition_of(self, table: TableName, partitions: int) -> int:
        """The partition that keeps the order of a table's rows, of its emptying and its copy.

        It depends on the collection, because two tables may have it one after the other.
        """
        return crc32(str(self.collection_of(table)).encode()) % partitions
