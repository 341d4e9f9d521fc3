"""The arguments of lists: the four of a page, written once, and what sorts and filters share."""

import functools
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

import strawberry

from service.operations.reading.paging import Sort

SEQUENCE_DESCRIPTION = (
    "In which they became readable. Follow this one, ascending: whoever goes on after the "
    "last cursor misses nothing, whatever is written meanwhile."
)


@strawberry.enum(description="The direction of a sort.")
class SortDirection(Enum):
    """Ascending or descending."""

    ASC = "ASC"
    DESC = "DESC"


def order(column: str, direction: SortDirection) -> Sort:
    """A sort as the operations have it."""
    return Sort(column, descending=direction is SortDirection.DESC)


def given(**conditions: object) -> dict[str, object]:
    """The conditions that a client has set: those that are not None."""
    return {column: value for column, value in conditions.items() if value is not None}


@dataclass(frozen=True, slots=True)
class PageArguments:
    """The arguments that every connection field has."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None


_NAMES = tuple(field.name for field in fields(PageArguments))
_PARAMETERS = tuple(
    inspect.Parameter(
        field.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=field.type
    )
    for field in fields(PageArguments)
)


def paged(resolver: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Give a resolver the arguments of a page; it receives them as one value, `page`."""
    signature = inspect.signature(resolver)
    own = [one for name, one in signature.parameters.items() if name != "page"]

    @functools.wraps(resolver)
    async def with_page(source: Any, **arguments: Any) -> Any:
        page = PageArguments(**{name: arguments.pop(name, None) for name in _NAMES})
        return await resolver(source, page=page, **arguments)

    # Strawberry reads a field's arguments from here.
    shown = signature.replace(parameters=[*own, *_PARAMETERS])
    with_page.__signature__ = shown  # type: ignore[attr-defined]
    return with_page
