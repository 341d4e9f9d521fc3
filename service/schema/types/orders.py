"""Orders: the types and their lists."""

import dataclasses
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import strawberry
from graphql import GRAPHQL_MAX_INT
from strawberry import Private

from service import models
from service.errors import ErrorCode, reject
from service.models import OrderStatus
from service.operations.reading.lookups import possible
from service.operations.rules.visibility import visible_orders
from service.schema.relay.arguments import (
    SEQUENCE_DESCRIPTION,
    PageArguments,
    SortDirection,
    given,
    order,
    paged,
)
from service.schema.relay.connections import Connection, connect
from service.schema.relay.context import Info
from service.schema.relay.ids import Node, global_id, row_id, row_id_or_none
from service.schema.relay.related import related
from service.schema.types.money import Money
from service.schema.types.refs import ProductRef, UserRef

strawberry.enum(OrderStatus, description="pending, paid, shipped, delivered; or cancelled.")


@strawberry.type(description="Where an order goes.")
class Address:
    """As it was given."""

    name: str
    line1: str
    line2: str
    postal_code: str
    city: str
    country: str

    @classmethod
    def of(cls, stored: Any) -> "Address":
        """Shape an address; another version may have left out parts, or stored a text."""
        given = stored if isinstance(stored, dict) else {"line1": stored}
        values = {part: given.get(part) for part in _ADDRESS_PARTS}
        texts = {part: "" if one is None else str(one) for part, one in values.items()}
        return cls(**texts)


_ADDRESS_PARTS = tuple(field.name for field in dataclasses.fields(Address))


@strawberry.type(description="A product as it was when it was ordered.")
class OrderLine(Node):
    """Plain attributes, filled from the row at once; only the product is resolved."""

    product_key: Private[int]
    position: int
    sku: str
    name: str
    quantity: int
    unit_price: Money
    total: Money

    @classmethod
    def of(cls, row: models.OrderLine) -> "OrderLine":
        """Shape a row."""
        return cls(
            id=global_id("OrderLine", row.id),
            product_key=row.product_id,
            position=min(row.position, GRAPHQL_MAX_INT),
            sku=row.sku,
            name=row.name,
            quantity=min(row.quantity, GRAPHQL_MAX_INT),
            unit_price=Money.of(row.unit_price),
            total=Money.of(row.total),
        )

    @strawberry.field(description="The product as it is now.")
    async def product(self, info: Info) -> ProductRef | None:
        """Load the products of all lines of the page together."""
        product: ProductRef | None = await info.context.loaders.node("Product", self.product_key)
        return product


@strawberry.type(description="What a customer has bought.")
class Order(Node):
    """Plain attributes, filled from the row at once; only relations are resolved."""

    key: Private[int]
    customer_key: Private[int]
    number: str
    status: OrderStatus
    total: Money
    shipping_address: Address
    placed_at: datetime
    paid_at: datetime | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    cancelled_at: datetime | None
    updated_at: datetime

    @classmethod
    def of(cls, row: models.Order) -> "Order":
        """Shape a row."""
        return cls(
            id=global_id("Order", row.id),
            key=row.id,
            customer_key=row.customer_id,
            number=row.number,
            status=row.status,
            total=Money.of(row.total),
            shipping_address=Address.of(row.shipping_address),
            placed_at=row.placed_at,
            paid_at=row.paid_at,
            shipped_at=row.shipped_at,
            delivered_at=row.delivered_at,
            cancelled_at=row.cancelled_at,
            updated_at=row.updated_at,
        )

    @strawberry.field(description="Who ordered.")
    async def customer(self, info: Info) -> UserRef | None:
        """Load the customers of all orders of the page together."""
        customer: UserRef | None = await info.context.loaders.node("User", self.customer_key)
        return customer

    lines = related(
        OrderLine, "OrderLine", "order_id", "What was ordered, in the order of the input."
    )


@strawberry.enum(description="What orders can be sorted by.")
class OrderSortKey(Enum):
    """The value is the column."""

    PLACED_AT = "placed_at"
    TOTAL = "total_minor"
    SEQUENCE = strawberry.enum_value("sequence", description=SEQUENCE_DESCRIPTION)


@strawberry.input(description="The order of a list of orders.")
class OrderSort:
    """A column and a direction."""

    by: OrderSortKey = OrderSortKey.PLACED_AT
    direction: SortDirection = SortDirection.DESC


@strawberry.input(description="Which orders to list; all given conditions must hold.")
class OrderFilter:
    """By customer, status, currency and time."""

    customer_id: strawberry.ID | None = None
    status: list[OrderStatus] | None = None
    currency: str | None = None
    placed_from: datetime | None = None
    placed_before: datetime | None = None


@strawberry.type
class OrderQuery:
    """The entry points."""

    @strawberry.field(description="One order, by its id or its number.")
    async def order(
        self,
        info: Info,
        id: strawberry.ID | None = None,
        number: str | None = None,
    ) -> Order | None:
        """Find an order."""
        if (id is None) == (number is None):
            raise reject(ErrorCode.INVALID, "Give exactly one of id and number.")
        query = visible_orders(info.context.caller)
        if number is not None:
            row = await query.get_or_none(number__in=possible(models.Order, "number", number))
        else:
            row = await query.get_or_none(id=row_id(id or "", "Order", "id"))
        return Order.of(row) if row else None

    @strawberry.field(description="The orders: all of them for staff, their own for customers.")
    @paged
    async def orders(
        self,
        info: Info,
        filter: OrderFilter | None = None,
        sort: OrderSort | None = None,
        *,
        page: PageArguments,
    ) -> Connection[Order] | None:
        """List orders."""
        rows = visible_orders(info.context.caller)
        if filter is not None:
            rows = rows.filter(**_conditions(filter))
        sort = sort or OrderSort()
        by = order(sort.by.value, sort.direction)
        loaders = info.context.loaders
        return await connect(loaders, rows, by, page, Order.of, is_scan=filter is not None)


def _conditions(filter: OrderFilter) -> dict[str, object]:
    currency, since, until = filter.currency, filter.placed_from, filter.placed_before
    return given(
        customer_id=row_id_or_none(filter.customer_id, "User", "filter", "customerId"),
        status__in=filter.status,
        currency__in=None if currency is None else possible(models.Order, "currency", currency),
        placed_at__gte=None if since is None else _utc(since, "placedFrom"),
        placed_at__lt=None if until is None else _utc(until, "placedBefore"),
    )


def _utc(time: datetime, field: str) -> datetime:
    """The moment in UTC, as rows have it: databases compare digits and ignore the zone."""
    if time.tzinfo is None:
        message = f"{field} needs a time zone, such as 2026-11-24T12:00:00Z."
        raise reject(ErrorCode.INVALID, message, "filter", field)
    try:
        return time.astimezone(UTC)
    except OverflowError:
        # No row is near the first or the last day of the calendar, so the hours do not matter.
        return time.replace(tzinfo=UTC)
