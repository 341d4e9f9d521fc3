"""Keyset pages: the rows after a position, never `OFFSET`, so page 1,000 costs what page 1 does.

A position is the sort column's value and the id of a row. Every sort column is
NOT NULL, and every order ends with the id, so any two rows have different positions.
"""

import asyncio
import functools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from tortoise.connection import get_connection
from tortoise.expressions import Q, RawSQL
from tortoise.models import Model
from tortoise.queryset import QuerySet

from service.models.columns import UNREADABLE_TIME

M = TypeVar("M", bound=Model)

PAGE_ROWS_MAX = 100
SCANS_AT_ONCE_SQLITE = 1
SCANS_AT_ONCE_MYSQL = 4
ROWS_PER_TURN = 500
"""Rows made into objects before other tasks get a turn; they take about 10 ms."""


@dataclass(frozen=True, slots=True)
class Sort:
    """An order by a NOT NULL column, then by id in the same direction."""

    column: str
    descending: bool = False

    def reversed(self) -> "Sort":
        """The same order from its other end."""
        return Sort(self.column, not self.descending)

    def orderings(self) -> tuple[str, ...]:
        """The order in Tortoise's notation."""
        sign = "-" if self.descending else ""
        return (f"{sign}{self.column}", f"{sign}id") if self.column != "id" else (f"{sign}id",)

    def sql(self, table: str) -> str:
        """The order in SQL; with the table's name, since a joined table may have an id, too."""
        direction = "DESC" if self.descending else "ASC"
        columns = [self.column] if self.column == "id" else [self.column, "id"]
        return ", ".join(f"{table}.{column} {direction}" for column in columns)


@dataclass(frozen=True, slots=True)
class Position:
    """The place of a row in an order."""

    value: str | int | datetime
    id: int


@dataclass(frozen=True, slots=True)
class Window:
    """At most `size` rows after and before two positions, from the end if `from_end`."""

    size: int
    from_end: bool = False
    after: Position | None = None
    before: Position | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Rows in the requested order, and whether there are more on either side."""

    rows: Sequence[M]
    has_previous: bool
    has_next: bool


async def page(query: QuerySet[M], sort: Sort, window: Window) -> Page[M]:
    """One page of a query."""
    order = sort.reversed() if window.from_end else sort
    rows = await _within(query, sort, window).order_by(*order.orderings()).limit(window.size + 1)
    return _page(rows, window)


async def pages_by_parent(
    query: QuerySet[M], parent: str, parent_ids: Iterable[int], sort: Sort, window: Window
) -> dict[int, Page[M]]:
    """The same page for each of many parents, in one statement; `parent` is the key's column.

    Source: the window function ROW_NUMBER, in SQLite from 3.25, MySQL from 8.0, MariaDB from 10.2.
    """
    order = sort.reversed() if window.from_end else sort
    ids = list(parent_ids)
    table = query.model._meta.db_table
    ranked = _within(query.filter(**{f"{parent}__in": ids}), sort, window).annotate(
        row_rank=RawSQL(
            f"ROW_NUMBER() OVER (PARTITION BY {table}.{parent} ORDER BY {order.sql(table)})"
        )
    )
    by_parent: dict[int, list[M]] = defaultdict(list)
    for row in await _ranked_rows(ranked, window.size + 1):
        by_parent[getattr(row, parent)].append(row)
    return {parent_id: _page(by_parent[parent_id], window) for parent_id in ids}


def _within(query: QuerySet[M], sort: Sort, window: Window) -> QuerySet[M]:
    if window.after is not None:
        query = query.filter(_beyond(window.after, sort))
    if window.before is not None:
        query = query.filter(_beyond(window.before, sort.reversed()))
    return query


def _beyond(position: Position, sort: Sort) -> Q:
    side = "lt" if sort.descending else "gt"
    if sort.column == "id":
        return _where({f"id__{side}": position.id})
    further = _where({f"{sort.column}__{side}": position.value})
    if position.value == UNREADABLE_TIME:
        # MySQL's zero dates, which sort before it, are read as this value: tell them by id.
        unread = _where({f"{sort.column}__lte": position.value, f"id__{side}": position.id})
        return unread if sort.descending else further | unread
    tied = _where({sort.column: position.value, f"id__{side}": position.id})
    return further | tied


def _where(conditions: dict[str, Any]) -> Q:
    return Q(**conditions)


def _page(rows: Sequence[M], window: Window) -> Page[M]:
    more = len(rows) > window.size
    kept = rows[: window.size]
    if window.from_end:
        return Page(kept[::-1], has_previous=more, has_next=window.before is not None)
    return Page(kept, has_previous=window.after is not None, has_next=more)


async def _ranked_rows(ranked: QuerySet[M], rank_max: int) -> list[M]:
    # Tortoise has no derived tables, so its own statement is wrapped, parameters and all.
    ranked._choose_db_if_not_chosen()
    ranked._make_query()
    inner, values = ranked.query.get_parameterized_sql()
    sql = f"SELECT * FROM ({inner}) ranked WHERE row_rank <= {rank_max} ORDER BY row_rank"  # noqa: S608
    _, rows = await ranked._db.execute_query(sql, values)
    made: list[M] = []
    for start in range(0, len(rows), ROWS_PER_TURN):
        if start:
            await asyncio.sleep(0)  # Let other tasks run.
        some = rows[start : start + ROWS_PER_TURN]
        made += [ranked.model._init_from_db(**dict(row)) for row in some]
    return made


def scan_turn() -> asyncio.Semaphore:
    """The semaphore for statements with conditions, which may read every row of a table.

    Only a few run at a time, so that other requests are served between them.
    """
    return _scan_turns(asyncio.get_running_loop())


@functools.cache
def _scan_turns(_loop: asyncio.AbstractEventLoop) -> asyncio.Semaphore:
    is_sqlite = get_connection("default").capabilities.dialect == "sqlite"
    return asyncio.Semaphore(SCANS_AT_ONCE_SQLITE if is_sqlite else SCANS_AT_ONCE_MYSQL)
