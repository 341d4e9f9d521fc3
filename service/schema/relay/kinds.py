"""How the nodes of each type are found: by their numbers, as far as the caller may see them."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tortoise.queryset import QuerySet

from service.operations.reading.paging import Sort
from service.operations.rules.access import Principal
from service.schema.relay.ids import Node


class NodeKind(Protocol):
    """One type of nodes."""

    async def find(self, caller: Principal, numbers: Collection[int]) -> Mapping[int, Node]:
        """Those of the nodes that exist and that the caller may see, by their numbers."""


@dataclass(frozen=True, slots=True)
class RowKind:
    """Nodes that are rows of a table."""

    visible: Callable[[Principal], QuerySet[Any]]
    """The rows that a caller may see."""
    shape: Callable[[Any], Node]
    order: Sort
    """The order in which a parent lists them."""

    async def find(self, caller: Principal, numbers: Collection[int]) -> Mapping[int, Node]:
        """Find them in one statement."""
        rows = await self.visible(caller).filter(id__in=numbers)
        return {row.id: self.shape(row) for row in rows}
