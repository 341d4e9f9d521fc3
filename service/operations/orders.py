"""Moving orders through their steps.

    pending ──pay──> paid ──ship──> shipped ──deliver──> delivered
       └────cancel─────┴──> cancelled            (cancelling returns the stock)

A step locks its order by primary key and then looks at the status, so of two
that compete, the second sees what the first has done.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tortoise.expressions import F

from service.clock import utc_now
from service.database.transactions import in_one_transaction
from service.errors import ErrorCode, reject
from service.models import NotificationKind, Order, OrderLine, OrderStatus, Product, UserRole
from service.operations.notifications import notify
from service.operations.rules.access import Principal, require, require_self


class Step(StrEnum):
    """What can happen to an order."""

    PAY = "pay"
    SHIP = "ship"
    DELIVER = "deliver"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Transition:
    """The statuses before and after a step, and the column that holds its time."""

    sources: frozenset[OrderStatus]
    target: OrderStatus
    stamp: str
    staff_only: bool


TRANSITIONS = {
    # Customers do not confirm their own payments.
    Step.PAY: Transition(
        frozenset({OrderStatus.PENDING}), OrderStatus.PAID, "paid_at", staff_only=True
    ),
    Step.SHIP: Transition(
        frozenset({OrderStatus.PAID}), OrderStatus.SHIPPED, "shipped_at", staff_only=True
    ),
    Step.DELIVER: Transition(
        frozenset({OrderStatus.SHIPPED}), OrderStatus.DELIVERED, "delivered_at", staff_only=True
    ),
    Step.CANCEL: Transition(
        frozenset({OrderStatus.PENDING, OrderStatus.PAID}),
        OrderStatus.CANCELLED,
        "cancelled_at",
        staff_only=False,
    ),
}


async def pay_order(caller: Principal, order_id: int) -> Order:
    """Record the payment; for staff. Raises `Rejected` (ILLEGAL_TRANSITION) unless pending."""
    return await _take_step(caller, order_id, Step.PAY)


async def ship_order(caller: Principal, order_id: int) -> Order:
    """Record that a paid order is on its way."""
    return await _take_step(caller, order_id, Step.SHIP)


async def deliver_order(caller: Principal, order_id: int) -> Order:
    """Record that a shipped order has arrived."""
    return await _take_step(caller, order_id, Step.DELIVER)


async def cancel_order(caller: Principal, order_id: int) -> Order:
    """Cancel a pending or paid order and return its stock."""
    return await _take_step(caller, order_id, Step.CANCEL)


async def _take_step(caller: Principal, order_id: int, step: Step) -> Order:
    transition = TRANSITIONS[step]
    if transition.staff_only:
        require(caller, UserRole.STAFF)

    async def work() -> Order:
        order = await Order.select_for_update().get_or_none(id=order_id)
        if order is None:
            raise reject(ErrorCode.NOT_FOUND, "There is no such order.", "id")
        require_self(caller, order.customer_id)
        return await _move(order, step)

    return await in_one_transaction(work)


async def _move(order: Order, step: Step) -> Order:
    """Take a step of an order that the caller has locked."""
    transition, now = TRANSITIONS[step], utc_now()
    if order.status not in transition.sources:
        sources = " or ".join(sorted(source.value for source in transition.sources))
        state = f"Order {order.number} is {order.status.value}"
        message = f"{state}; to {step.value} it must be {sources}."
        raise reject(ErrorCode.ILLEGAL_TRANSITION, message, "id")
    if step is Step.CANCEL:
        await _return_stock(order)
    order.status, order.updated_at = transition.target, now
    setattr(order, transition.stamp, now)
    await order.save(update_fields=("status", "updated_at", transition.stamp))
    return order


async def _return_stock(order: Order) -> None:
    lines = await OrderLine.filter(order_id=order.id).values_list("product_id", "quantity")
    for product_id, quantity in in_lock_order(lines):
        await Product.filter(id=product_id).update(
            stock=F("stock") + quantity, updated_at=utc_now()
        )


def in_lock_order(quantities: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Pairs of product id and quantity, in the one order in which product rows are locked.

    Every transaction that updates several products goes through them by ascending id,
    so two transactions never deadlock.
    """
    return sorted(quantities)


async def cancel_unpaid_orders(placed_before: datetime, limit: int) -> list[Order]:
    """Cancel up to `limit` orders that were placed before a moment and are still unpaid.

    Each is cancelled in its own transaction, with a message to its customer. An order that
    is paid or cancelled in the meantime stays as it is.
    """
    overdue = (
        await Order.filter(status=OrderStatus.PENDING, placed_at__lt=placed_before)
        .order_by("placed_at", "id")
        .limit(limit)
        .values_list("id")
    )
    cancelled = [await _cancel_unpaid(order_id) for (order_id,) in overdue]
    return [order for order in cancelled if order is not None]


async def _cancel_unpaid(order_id: int) -> Order | None:
    async def work() -> Order | None:
        order = await Order.select_for_update().get(id=order_id)
        if order.status is not OrderStatus.PENDING:
            return None
        await _move(order, Step.CANCEL)
        await notify(
            [order.customer_id],
            NotificationKind.ORDER_CANCELLED,
            f"Order {order.number} was cancelled",
            "It was not paid in time. Its items are free for others again.",
            {"orderNumber": order.number},
            dedupe_prefix=f"order-cancelled:{order.id}",
        )
        return order

    return await in_one_transaction(work)
