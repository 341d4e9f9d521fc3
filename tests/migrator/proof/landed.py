"""How far MongoDB says that the migration has come: `_migrator`, read by its documents."""

from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient
from pymongo.read_concern import ReadConcern

STATE = "_migrator"
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """What `_migrator` held at one moment: the positions, and the tables still being copied."""

    positions: tuple[Document, ...]
    copying: tuple[str, ...]
    tables: int

    @property
    def gtids(self) -> list[str]:
        """The GTIDs that have landed, partition by partition."""
        return [str(document["position"]["gtids"]) for document in self.positions]

    @property
    def transactions(self) -> int:
        """How many transactions of the source have been applied, in all partitions."""
        return sum(document["transactions"] for document in self.positions)


def standing(client: MongoClient[Document]) -> Standing:
    """What has landed durably."""
    state = client.get_database(STATE, read_concern=ReadConcern("majority"))
    positions = [document for document in state.positions.find({}) if "position" in document]
    tables = list(state.tables.find({}))
    copying = [
        str(table["_id"]) for table in tables if not all(part["done"] for part in table["parts"])
    ]
    return Standing(tuple(positions), tuple(copying), len(tables))
