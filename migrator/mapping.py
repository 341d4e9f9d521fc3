"""Where a table of the source lives in the target."""

from collections.abc import Mapping as Names
from dataclasses import dataclass, field
from typing import NamedTuple

from migrator.mysql.columns import TableName


class Place(NamedTuple):
    """A collection of the target."""

    database: str
    collection: str

    def __str__(self) -> str:
        return f"{self.database}.{self.collection}"

    def is_same(self, other: "Place") -> bool:
        """Whether MongoDB takes them for one: it has no two databases that differ in case only."""
        same = self.database.lower() == other.database.lower()
        return same and self.collection == other.collection


@dataclass(frozen=True, slots=True)
class Mapping:
    """The target's name of each database of the source; one that is not named keeps its own."""

    databases: Names[str, str] = field(default_factory=dict)

    def place(self, table: TableName) -> Place:
        """The collection that holds the table's rows.

        A database may be named in other letters: where the server folds names, the settings
        need not know how.
        """
        database = self.databases.get(table.database)
        if database is None:
            folded = {name.lower(): target for name, target in self.databases.items()}
            database = folded.get(table.database.lower(), table.database)
        return Place(database, table.name)
