"""Batching: what the resolvers of one request ask for singly is fetched together.

One set of loaders per request, so nothing is ever served from another request's view.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from strawberry.dataloader import DataLoader
from tortoise.functions import Count
from tortoise.models import Model
from tortoise.queryset import QuerySet

from service.engine.meter import Meter
from service.models import Product, User
from service.operations.reading.paging import Page, Sort, Window, pages_by_parent
from service.operations.rules.access import Principal

M = TypeVar("M", bound=Model)

BATCH_KEYS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Children:
    """Rows of a query that belong to one parent; equal specs are loaded together.

    `query` makes the query from `arguments`, which must be hashable so that two
    fields with the same filters are known to want the same.
    """

    query: Callable[..., QuerySet[Any]]
    arguments: tuple[Hashable, ...]
    parent: str
    parent_id: int

    def spec(self) -> tuple[Hashable, ...]:
        """What must agree for two requests to share a statement."""
        return (self.query, self.arguments, self.parent)


@dataclass(frozen=True, slots=True)
class ChildPage:
    """A page of children."""

    children: Children
    sort: Sort
    window: Window


class Loaders:
    """The loaders of one request, made when they are first used: mutations seldom use any."""

    def __init__(self, caller: Principal, meter: Meter) -> None:
        self.caller = caller
        self.meter = meter

    def clear(self) -> None:
        """Forget everything: a mutation has changed what was loaded before."""
        for name in ("product", "user", "child_page", "child_count"):
            self.__dict__.pop(name, None)

    @cached_property
    def product(self) -> DataLoader[int, Product | None]:
        """Products by id, drafts included: who asks decides what may be shown."""
        return _by_id(Product)

    @cached_property
    def user(self) -> DataLoader[int, User | None]:
        """Users by id: who asks decides what may be shown."""
        return _by_id(User)

    @cached_property
    def child_page(self) -> DataLoader[ChildPage, Page[Any]]:
        """Pages of children."""
        return DataLoader(_load_child_pages, max_batch_size=BATCH_KEYS_MAX)

    @cached_property
    def child_count(self) -> DataLoader[Children, int]:
        """Numbers of children."""
        return DataLoader(_load_child_counts, max_batch_size=BATCH_KEYS_MAX)


def _by_id(model: type[M]) -> DataLoader[int, M | None]:
    async def load(ids: list[int]) -> Sequence[M | None]:
        rows = await model.in_bulk(ids, "id")
        return [rows.get(row_id) for row_id in ids]

    return DataLoader(load, max_batch_size=BATCH_KEYS_MAX)


async def _load_child_pages(keys: list[ChildPage]) -> Sequence[Page[Any]]:
    groups: dict[Hashable, list[ChildPage]] = defaultdict(list)
    for key in keys:
        groups[(key.children.spec(), key.sort, key.window)].append(key)
    pages: dict[ChildPage, Page[Any]] = {}
    for group in groups.values():
        first, children = group[0], group[0].children
        ids = [key.children.parent_id for key in group]
        found = await pages_by_parent(
            children.query(*children.arguments), children.parent, ids, first.sort, first.window
        )
        pages |= {key: found[key.children.parent_id] for key in group}
    return [pages[key] for key in keys]


async def _load_child_counts(keys: list[Children]) -> Sequence[int]:
    groups: dict[Hashable, list[Children]] = defaultdict(list)
    for key in keys:
        groups[key.spec()].append(key)
    counts: dict[Children, int] = {}
    for group in groups.values():
        first, parent = group[0], group[0].parent
        ids = [key.parent_id for key in group]
        query = first.query(*first.arguments).filter(**{f"{parent}__in": ids})
        rows = await query.annotate(n=Count("id")).group_by(parent).values_list(parent, "n")
        found = dict(rows)
        counts |= {key: found.get(key.parent_id, 0) for key in group}
    return [counts[key] for key in keys]
