"""Relay connections over keyset pages (the GraphQL Cursor Connections specification).

A cursor contains the sort that it was made for, so using it with another sort is an error
and does not give a page of the wrong rows.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from datetime import datetime
from typing import Any, Generic, TypeVar

import orjson
import strawberry
from strawberry import Private
from tortoise.models import Model

from service.errors import ErrorCode, Rejected, reject
from service.models import Product, User
from service.operations.reading.lookups import possible
from service.operations.reading.paging import (
    PAGE_ROWS_MAX,
    Page,
    Position,
    Sort,
    Window,
    page,
    scan_turn,
)
from service.operations.reading.sequences import in_sequence
from service.schema.relay.arguments import PageArguments
from service.schema.relay.loaders import ChildPage, Children, Loaders

PAGE_ROWS_DEFAULT = 20
TEXT_COLUMNS: Mapping[str, type[Model]] = {"name": Product, "email_key": User}
"""The sort columns that hold text; the others hold times, named `..._at`, or whole numbers."""
N = TypeVar("N")


@strawberry.type(description="Where a page stands among the others.")
class PageInfo:
    """As the specification has it."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type(description="A row of a list, with its cursor.")
class Edge(Generic[N]):
    """As the specification has it."""

    cursor: str
    node: N


@strawberry.type(description="A page of a list.")
class Connection(Generic[N]):
    """As the specification has it, and the number of rows in the whole list."""

    edges: list[Edge[N]]
    page_info: PageInfo
    count: Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="The rows in the whole list; counted only if asked for.")
    async def total_count(self) -> int:
        """Count the rows of all pages."""
        return await self.count()


async def connect(
    loaders: Loaders,
    query: Any,
    sort: Sort,
    arguments: PageArguments,
    shape: Callable[[Any], N],
    *,
    is_scan: bool = False,
) -> Connection[N]:
    """A connection over a whole query; one that may scan a table waits for its turn."""
    window = _window(arguments, sort)
    turn = scan_turn if is_scan else nullcontext
    if sort.column == "sequence":
        query = await in_sequence(query)

    async def count() -> int:
        async with turn():
            return int(await query.count())

    async with turn():
        rows = await page(query, sort, window)
    loaders.meter.count(rows.rows)
    return _connection(rows, sort, shape, count)


async def connect_children(
    loaders: Loaders, children: Children, arguments: PageArguments
) -> Connection[Any]:
    """A connection over the rows of one parent, loaded together with its siblings'."""
    kind = children.kind
    window = _window(arguments, kind.order)
    rows = await loaders.child_page.load(ChildPage(children, window))
    loaders.meter.count(rows.rows)
    return _connection(rows, kind.order, kind.shape, lambda: loaders.child_count.load(children))


def _connection(
    rows: Page[Any], sort: Sort, shape: Callable[[Any], N], count: Callable[[], Awaitable[int]]
) -> Connection[N]:
    edges = [Edge(cursor=_cursor(row, sort), node=shape(row)) for row in rows.rows]
    info = PageInfo(
        has_next_page=rows.has_next,
        has_previous_page=rows.has_previous,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return Connection(edges=edges, page_info=info, count=count)


def _window(arguments: PageArguments, sort: Sort) -> Window:
    if arguments.first is not None and arguments.last is not None:
        raise reject(ErrorCode.INVALID, "Give first or last, not both.", "last")
    from_end = arguments.last is not None
    size = arguments.last if from_end else arguments.first
    if size is None:
        size = PAGE_ROWS_DEFAULT
    if not 0 <= size <= PAGE_ROWS_MAX:
        field = "last" if from_end else "first"
        message = f"{field} must lie between 0 and {PAGE_ROWS_MAX}."
        raise reject(ErrorCode.OUT_OF_RANGE, message, field)
    after = _position(arguments.after, sort, "after")
    before = _position(arguments.before, sort, "before")
    return Window(size, from_end, after, before)


def _cursor(row: Any, sort: Sort) -> str:
    # orjson writes datetimes in ISO 8601 with their zone.
    value = getattr(row, sort.column)
    return urlsafe_b64encode(orjson.dumps([sort.column, value, row.id])).decode()


def _position(cursor: str | None, sort: Sort, field: str) -> Position | None:
    if cursor is None:
        return None
    try:
        column, value, row_id = orjson.loads(urlsafe_b64decode(cursor))
        if sort.column.endswith("_at"):
            value = datetime.fromisoformat(value)
    except (binascii.Error, ValueError, TypeError) as error:
        raise _bad_cursor(field) from error
    is_key = type(row_id) is int and 0 <= row_id < 2**63
    if column != sort.column or not is_key or not _fits(value, sort.column):
        raise _bad_cursor(field)
    return Position(value, row_id)


def _fits(value: object, column: str) -> bool:
    """Whether a cursor's value is of the column's type, and small enough for it."""
    if column.endswith("_at"):
        return isinstance(value, datetime) and value.tzinfo is not None
    if column in TEXT_COLUMNS:
        return isinstance(value, str) and bool(possible(TEXT_COLUMNS[column], column, value))
    return type(value) is int and abs(value) < 2**63


def _bad_cursor(field: str) -> Rejected:
    return reject(ErrorCode.INVALID, "This is not a cursor of this list in this order.", field)
