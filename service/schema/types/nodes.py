"""`node` and `nodes`: anything by its global id."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import strawberry

from service.errors import ErrorCode, Rejected, reject
from service.operations.jobs import JobRunner
from service.operations.reading.paging import PAGE_ROWS_MAX, Sort
from service.operations.rules import visibility
from service.operations.rules.access import Principal
from service.schema.relay.context import Info
from service.schema.relay.ids import Node, split_global_id
from service.schema.relay.kinds import NodeKind, RowKind
from service.schema.types.jobs import Job, JobRun, job_number
from service.schema.types.notifications import Notification
from service.schema.types.orders import Order, OrderLine
from service.schema.types.products import Product
from service.schema.types.reviews import Review
from service.schema.types.users import User

BY_ID = Sort("id")
NEWEST_FIRST = Sort("created_at", descending=True)
NEWEST_ORDERS_FIRST = Sort("placed_at", descending=True)
IN_POSITION = Sort("position")

ROW_KINDS: Mapping[str, NodeKind] = {
    "Product": RowKind(visibility.visible_products, Product.of, BY_ID),
    "Review": RowKind(visibility.visible_reviews, Review.of, NEWEST_FIRST),
    "Order": RowKind(visibility.visible_orders, Order.of, NEWEST_ORDERS_FIRST),
    "OrderLine": RowKind(visibility.visible_order_lines, OrderLine.of, IN_POSITION),
    "User": RowKind(visibility.visible_users, User.of, BY_ID),
    "Notification": RowKind(visibility.visible_notifications, Notification.of, NEWEST_FIRST),
    "JobRun": RowKind(visibility.visible_job_runs, JobRun.of, BY_ID),
}


@dataclass(frozen=True, slots=True)
class JobKind:
    """Jobs are nodes without rows: entries of the schedule."""

    jobs: JobRunner

    async def find(self, caller: Principal, numbers: Collection[int]) -> Mapping[int, Node]:
        """Find them in the schedule, which is for staff."""
        if not caller.is_staff:
            return {}
        jobs = {job_number(job.name): Job.of(job) for job in self.jobs.jobs()}
        return {number: jobs[number] for number in numbers if number in jobs}


def node_kinds(jobs: JobRunner) -> Mapping[str, NodeKind]:
    """Every type that has global ids, by its name."""
    return {**ROW_KINDS, "Job": JobKind(jobs)}


@strawberry.type
class NodeQuery:
    """The entry points of the Relay specification."""

    @strawberry.field(description="Anything by its id; null if there is none, or not for you.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        """Find one."""
        found: Node | None = await info.context.loaders.node(*split_global_id(id, "id"))
        return found

    @strawberry.field(description="Many by their ids, in their order, null where there is none.")
    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None] | None:
        """Find many; one statement for each type among them."""
        if len(ids) > PAGE_ROWS_MAX:
            raise reject(ErrorCode.OUT_OF_RANGE, f"Ask for at most {PAGE_ROWS_MAX} ids.", "ids")
        return await info.context.loaders.nodes([_split_if_ours(one) for one in ids])


def _split_if_ours(value: str) -> tuple[str, int]:
    try:
        return split_global_id(value)
    except Rejected:
        return "", 0  # Nothing has this id; the other ids are still found.
