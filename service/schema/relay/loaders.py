"""Batching: what the resolvers of one request ask for singly is fetched together.

Each request has loaders of its own, so nothing is ever served from another request's view.
"""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from strawberry.dataloader import DataLoader
from tortoise.functions import Count

from service.engine.meter import Meter
from service.operations.reading.paging import Page, Window, pages_by_parent
from service.operations.rules.access import Principal
from service.schema.relay.ids import Node
from service.schema.relay.kinds import NodeKind, RowKind

BATCH_KEYS_MAX = 1_000

NodeKey = tuple[str, int]
"""The name of a type, and the number of one of its nodes."""


@dataclass(frozen=True, slots=True)
class Children:
    """The rows of a kind that refer to one parent by their column `parent`."""

    kind: RowKind
    parent: str
    parent_id: int

    def spec(self) -> Hashable:
        """What must be equal for two requests to share a statement."""
        return (self.kind, self.parent)


@dataclass(frozen=True, slots=True)
class ChildPage:
    """A page of children, in the order of their kind."""

    children: Children
    window: Window


class Loaders:
    """The loaders of one request, made when they are first used: mutations seldom use any."""

    def __init__(self, caller: Principal, meter: Meter, kinds: Mapping[str, NodeKind]) -> None:
        self.meter = meter
        self._caller = caller
        self._kinds = kinds

    def clear(self) -> None:
        """Forget everything: a mutation may have changed what was loaded before."""
        for name in ("_nodes", "child_page", "child_count"):
            self.__dict__.pop(name, None)

    def children(self, type_name: str, parent: str, parent_id: int) -> Children:
        """The nodes of a type whose column `parent` holds this id."""
        kind = self._kinds[type_name]
        assert isinstance(kind, RowKind), f"{type_name} has no rows"
        return Children(kind, parent, parent_id)

    async def node(self, type_name: str, number: int) -> Any:
        """The node of a type with this number; None if there is none, or the caller may not see it.

        All relations to one object, and `node(id)`, are answered here.
        """
        return await self._nodes.load((type_name, number))

    async def nodes(self, keys: Sequence[NodeKey]) -> list[Any]:
        """As `node`, for many, in their order."""
        return await self._nodes.load_many(keys)

    @cached_property
    def _nodes(self) -> DataLoader[NodeKey, Node | None]:
        return DataLoader(self._load_nodes, max_batch_size=BATCH_KEYS_MAX)

    @cached_property
    def child_page(self) -> DataLoader[ChildPage, Page[Any]]:
        """Pages of children."""
        return DataLoader(self._load_child_pages, max_batch_size=BATCH_KEYS_MAX)

    @cached_property
    def child_count(self) -> DataLoader[Children, int]:
        """Numbers of children."""
        return DataLoader(self._load_child_counts, max_batch_size=BATCH_KEYS_MAX)

    async def _load_nodes(self, keys: list[NodeKey]) -> Sequence[Node | None]:
        found: dict[NodeKey, Node] = {}
        wanted: dict[str, list[int]] = defaultdict(list)
        for type_name, number in keys:
            wanted[type_name].append(number)
        for type_name in wanted.keys() & self._kinds.keys():
            nodes = await self._kinds[type_name].find(self._caller, wanted[type_name])
            found |= {(type_name, number): node for number, node in nodes.items()}
        return [found.get(key) for key in keys]

    async def _load_child_pages(self, keys: list[ChildPage]) -> Sequence[Page[Any]]:
        groups: dict[Hashable, list[ChildPage]] = defaultdict(list)
        for key in keys:
            groups[(key.children.spec(), key.window)].append(key)
        pages: dict[ChildPage, Page[Any]] = {}
        for group in groups.values():
            kind, parent = group[0].children.kind, group[0].children.parent
            ids = [key.children.parent_id for key in group]
            found = await pages_by_parent(
                kind.visible(self._caller), parent, ids, kind.order, group[0].window
            )
            pages |= {key: found[key.children.parent_id] for key in group}
        return [pages[key] for key in keys]

    async def _load_child_counts(self, keys: list[Children]) -> Sequence[int]:
        groups: dict[Hashable, list[Children]] = defaultdict(list)
        for key in keys:
            groups[key.spec()].append(key)
        counts: dict[Children, int] = {}
        for group in groups.values():
            kind, parent = group[0].kind, group[0].parent
            ids = [key.parent_id for key in group]
            query = kind.visible(self._caller).filter(**{f"{parent}__in": ids})
            rows = await query.annotate(n=Count("id")).group_by(parent).values_list(parent, "n")
            found = dict(rows)
            counts |= {key: found.get(key.parent_id, 0) for key in group}
        return [counts[key] for key in keys]
