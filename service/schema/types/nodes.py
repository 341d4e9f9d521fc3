"""`node` and `nodes`: anything by its global id."""

from collections.abc import Awaitable, Callable

import strawberry

from service import models
from service.errors import ErrorCode, Rejected, reject
from service.operations.reading.paging import PAGE_ROWS_MAX
from service.operations.rules.visibility import (
    visible_notifications,
    visible_order_lines,
    visible_orders,
    visible_products,
    visible_reviews,
    visible_users,
)
from service.schema.relay.context import Info
from service.schema.relay.ids import Node, split_global_id
from service.schema.types.jobs import Job, JobRun, job_number
from service.schema.types.notifications import Notification
from service.schema.types.orders import Order, OrderLine
from service.schema.types.products import Product
from service.schema.types.reviews import Review
from service.schema.types.users import User

Fetch = Callable[[Info, list[int]], Awaitable[dict[int, Node]]]


async def _jobs(info: Info, ids: list[int]) -> dict[int, Node]:
    if not info.context.caller.is_staff:
        return {}
    jobs = {job_number(job.name): Job.of(job) for job in info.context.jobs.jobs()}
    return {number: jobs[number] for number in ids if number in jobs}


async def _job_runs(info: Info, ids: list[int]) -> dict[int, Node]:
    if not info.context.caller.is_staff:
        return {}
    return {row.id: JobRun.of(row) for row in await models.JobRun.filter(id__in=ids)}


async def _products(info: Info, ids: list[int]) -> dict[int, Node]:
    rows = await visible_products(info.context.caller).filter(id__in=ids)
    return {row.id: Product.of(row) for row in rows}


async def _reviews(info: Info, ids: list[int]) -> dict[int, Node]:
    rows = await visible_reviews(info.context.caller).filter(id__in=ids)
    return {row.id: Review.of(row) for row in rows}


async def _orders(info: Info, ids: list[int]) -> dict[int, Node]:
    rows = await visible_orders(info.context.caller).filter(id__in=ids)
    return {row.id: Order.of(row) for row in rows}


async def _order_lines(info: Info, ids: list[int]) -> dict[int, Node]:
    rows = await visible_order_lines(info.context.caller).filter(id__in=ids)
    return {row.id: OrderLine.of(row) for row in rows}


async def _users(info: Info, ids: list[int]) -> dict[int, Node]:
    rows = await visible_users(info.context.caller).filter(id__in=ids)
    return {row.id: User.of(row) for row in rows}


async def _notifications(info: Info, ids: list[int]) -> dict[int, Node]:
    rows = await visible_notifications(info.context.caller).filter(id__in=ids)
    return {row.id: Notification.of(row) for row in rows}


FETCHES: dict[str, Fetch] = {
    "Product": _products,
    "Review": _reviews,
    "Order": _orders,
    "OrderLine": _order_lines,
    "User": _users,
    "Notification": _notifications,
    "Job": _jobs,
    "JobRun": _job_runs,
}


@strawberry.type
class NodeQuery:
    """The entry points of the Relay specification."""

    @strawberry.field(description="Anything by its id; null if there is none, or not for you.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:  # noqa: A002
        """Find one."""
        return (await _find(info, [split_global_id(id, "id")]))[0]

    @strawberry.field(description="Many by their ids, in their order, null where there is none.")
    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None] | None:
        """Find many; one statement for each type among them."""
        if len(ids) > PAGE_ROWS_MAX:
            raise reject(ErrorCode.OUT_OF_RANGE, f"Ask for at most {PAGE_ROWS_MAX} ids.", "ids")
        return await _find(info, [_split_if_ours(one) for one in ids])


def _split_if_ours(value: str) -> tuple[str, int]:
    try:
        return split_global_id(value)
    except Rejected:
        return "", 0  # Nothing has this id, and the others are found all the same.


async def _find(info: Info, wanted: list[tuple[str, int]]) -> list[Node | None]:
    found: dict[tuple[str, int], Node] = {}
    for type_name, fetch in FETCHES.items():
        keys = [key for name, key in wanted if name == type_name]
        if keys:
            rows = await fetch(info, keys)
            found |= {(type_name, key): node for key, node in rows.items()}
    return [found.get(pair) for pair in wanted]
