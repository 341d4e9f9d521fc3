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


@dataclass(frozen=True, slots=True)
class Mapping:
    """The target's name of each database of the source; one that is not named keeps its own."""

    databases: Names[str, str] = field(default_factory=dict)

    def place(self, table: TableName) -> Place:
        """The collection that holds the table's rows."""
        return Place(self.databases.get(table.database, table.database), table.name)
