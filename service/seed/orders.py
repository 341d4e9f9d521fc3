"""Seeded orders in every status, with their lines."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from service.models import Notification, NotificationKind, Order, OrderLine, OrderStatus
from service.operations.order_placement import NUMBER_ALPHABET, NUMBER_LENGTH
from service.seed.people import (
    HISTORY_DAYS,
    Ids,
    Row,
    Rows,
    address_of,
    moment,
    notification_row,
)

ORDER_LINES_MAX = 5


@dataclass(frozen=True, slots=True)
class Customer:
    """A user who places orders."""

    id: int
    full_name: str


@dataclass(frozen=True, slots=True)
class Article:
    """What an order line copies from a product."""

    product_id: int
    sku: str
    name: str
    price_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Fate:
    """How many of 100 orders have a status, and between how many days old they are.

    The lower bound leaves time for every step that leads to the status.
    """

    status: OrderStatus
    percent: int
    age_min_days: float
    age_max_days: float


FATES = (
    Fate(OrderStatus.PENDING, 4, 0.0, 1.0),
    Fate(OrderStatus.PAID, 10, 0.1, 3.0),
    Fate(OrderStatus.SHIPPED, 8, 3.0, 7.0),
    Fate(OrderStatus.DELIVERED, 68, 7.0, HISTORY_DAYS),
    Fate(OrderStatus.CANCELLED, 10, 1.0, HISTORY_DAYS),
)


def make_orders(
    rng: Random,
    until: datetime,
    ids: Ids,
    batch: range,
    customers: Sequence[Customer],
    articles: Mapping[str, Sequence[Article]],
) -> Rows:
    """Orders with their lines, and a message about each that was not paid in time.

    The articles are grouped by currency, since an order has one currency.
    """
    rows: Rows = {Order: [], OrderLine: [], Notification: []}
    weights = [len(group) for group in articles.values()]
    for _ in batch:
        (group,) = rng.choices(list(articles.values()), weights)
        order_id = next(ids[Order])
        lines = _lines(rng, ids, order_id, group)
        order = _order(rng, until, order_id, lines, rng.choice(customers))
        rows[Order].append(order)
        rows[OrderLine] += lines
        if order["status"] is OrderStatus.CANCELLED and "paid_at" not in order:
            rows[Notification].append(_cancellation(next(ids[Notification]), order))
    return rows


def _lines(rng: Random, ids: Ids, order_id: int, articles: Sequence[Article]) -> list[Row]:
    (wanted,) = rng.choices(range(1, ORDER_LINES_MAX + 1), (40, 25, 18, 10, 7))
    # The square favours the first: a few products are bought much more often than the others.
    picks = [articles[int(len(articles) * rng.random() ** 2)] for _ in range(wanted)]
    return [
        {
            "id": next(ids[OrderLine]),
            "order_id": order_id,
            "product_id": article.product_id,
            "position": position,
            "sku": article.sku,
            "name": article.name,
            "unit_price_minor": article.price_minor,
            "currency": article.currency,
            "quantity": rng.choices((1, 2, 3, 6), (70, 18, 8, 4))[0],
        }
        for position, article in enumerate(dict.fromkeys(picks), start=1)
    ]


def _order(
    rng: Random, until: datetime, order_id: int, lines: list[Row], customer: Customer
) -> Row:
    (fate,) = rng.choices(FATES, [fate.percent for fate in FATES])
    placed_at = moment(rng, until, fate.age_min_days, fate.age_max_days)
    stamps = _stamps(rng, fate.status, placed_at)
    number = f"{placed_at:%y%m%d}-{_number_tail(order_id)}"
    return {
        "id": order_id,
        "number": number,
        "customer_id": customer.id,
        "status": fate.status,
        "currency": lines[0]["currency"],
        "total_minor": sum(line["unit_price_minor"] * line["quantity"] for line in lines),
        # Compared only for orders with an idempotency key, and this one has none.
        "input_digest": hashlib.sha256(number.encode()).hexdigest(),
        "shipping_address": address_of(customer.id, customer.full_name),
        "placed_at": placed_at,
        **stamps,
        "updated_at": max(placed_at, *stamps.values()) if stamps else placed_at,
    }


def _stamps(rng: Random, status: OrderStatus, placed_at: datetime) -> dict[str, datetime]:
    """When the order took each of its steps, all of them within a week of its placing."""
    if status is OrderStatus.PENDING:
        return {}
    if status is OrderStatus.CANCELLED and rng.random() < 0.6:
        return {"cancelled_at": placed_at + timedelta(minutes=rng.uniform(30, 35))}
    paid_at = placed_at + timedelta(minutes=rng.uniform(1, 25))
    stamps = {"paid_at": paid_at}
    if status is OrderStatus.CANCELLED:
        stamps["cancelled_at"] = paid_at + timedelta(hours=rng.uniform(0.2, 12))
    if status in {OrderStatus.SHIPPED, OrderStatus.DELIVERED}:
        stamps["shipped_at"] = paid_at + timedelta(days=rng.uniform(0.2, 2.5))
    if status is OrderStatus.DELIVERED:
        stamps["delivered_at"] = stamps["shipped_at"] + timedelta(days=rng.uniform(0.5, 4))
    return stamps


def _number_tail(order_id: int) -> str:
    """The id, disguised: times an odd number, modulo 2**35, different ids stay different."""
    scrambled = order_id * 0x5DEECE66D % 2**35
    digits = ((scrambled >> 5 * place) & 31 for place in range(NUMBER_LENGTH))
    return "".join(NUMBER_ALPHABET[digit] for digit in digits)


def _cancellation(notification_id: int, order: Row) -> Row:
    title = f"Order {order['number']} was cancelled"
    body = "It was not paid in time. Its items are free for others again."
    return notification_row(notification_id, order["customer_id"], title, body) | {
        "kind": NotificationKind.ORDER_CANCELLED,
        "data": {"orderNumber": order["number"]},
        "dedupe_key": f"order-cancelled:{order['id']}",
        "created_at": order["cancelled_at"],
    }
