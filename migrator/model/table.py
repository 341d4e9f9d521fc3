"""The name of a table of the source."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableName:
    """A table of the source, `database.name`."""

    database: str
    name: str

    def __str__(self) -> str:
        return f"{self.database}.{self.name}"
