"""The collection of the target that holds a table of the source."""

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
        """Whether both are one in MongoDB, where no two databases differ in case only."""
        same = self.database.lower() == other.database.lower()
        return same and self.collection == other.collection


@dataclass(frozen=True, slots=True)
class CollectionMap:
    """Maps databases of the source to databases of the target; others keep their names.

    Tables that foreign keys connect, so that one's changes change another, share the partition of
    one of them: `together` names it.
    """

    databases: Mapping[str, str] = field(default_factory=dict)
    together: Mapping[TableName, TableName] = field(default_factory=dict)

    def collection_of(self, table: TableName) -> CollectionName:
        """The collection that holds the table's rows.

        A database may differ in case from its name in the settings, because the server may fold
        names.
        """
        database = self.databases.get(table.database)
        if database is None:
            folded = {name.lower(): target for name, target in self.databases.items()}
            database = folded.get(table.database.lower(), table.database)
        return CollectionName(database, table.name)

    def partition_of(self, table: TableName, partitions: int) -> int:
        """The partition of all batches of a table, whose order it keeps.

        It depends on the collection, because one table may succeed another in it.
        """
        first = self.together.get(table, table)
        return crc32(str(self.collection_of(first)).encode()) % partitions
