"""Orders: the types, their lists, and the mutations that move them along."""

import dataclasses
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from graphql import GRAPHQL_MAX_INT
from strawberry import Private

from service import models
from service.errors import ErrorCode, reject
from service.models import OrderStatus
from service.operations.reading.lookups import possible
from service.operations.reading.paging import Sort
from service.operations.rules.visibility import visible_order_lines, visible_orders
from service.schema.relay.connections import (
    SEQUENCE_DESCRIPTION,
    Arguments,
    Connection,
    SortDirection,
    connect,
    connect_children,
)
from service.schema.relay.context import Info
from service.schema.relay.ids import Node, global_id, row_id
from service.schema.relay.loaders import Children
from service.schema.types.money import Money

if TYPE_CHECKING:
    from service.schema.types.products import Product
    from service.schema.types.users import User

ORDERS_NEWEST_FIRST = Sort("placed_at", descending=True)
LINES_IN_ORDER = Sort("position")

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
        """Shape an address; one of another version may lack a part, have others, or be a text."""
        given = stored if isinstance(stored, dict) else {"line1": stored}
        texts = {
            part: value if type(value := given.get(part, "")) is str else _text(value)
            for part in _ADDRESS_PARTS
        }
        return cls(**texts)


def _text(value: object) -> str:
    return "" if value is None else str(value)


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
    async def product(
        self, info: Info
    ) -> Annotated["Product", strawberry.lazy("service.schema.types.products")] | None:
        """Load the products of all lines of the page together."""
        from service.schema.types.products import shaped_if_visible

        return shaped_if_visible(info, await info.context.loaders.product.load(self.product_key))


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
    async def customer(
        self, info: Info
    ) -> Annotated["User", strawberry.lazy("service.schema.types.users")] | None:
        """Load the customers of all orders of the page together."""
        from service.schema.types.users import shaped_if_visible

        return shaped_if_visible(info, await info.context.loaders.user.load(self.customer_key))

    @strawberry.field(description="What was ordered, in the order of the input.")
    async def lines(
        self,
        info: Info,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[OrderLine]:
        """Load the lines of all orders of the page together."""
        loaders = info.context.loaders
        children = Children(visible_order_lines, (loaders.caller,), "order_id", self.key)
        arguments = Arguments(first, after, last, before)
        return await connect_children(loaders, children, LINES_IN_ORDER, arguments, OrderLine.of)


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
        id: strawberry.ID | None = None,  # noqa: A002
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
    async def orders(
        self,
        info: Info,
        filter: OrderFilter | None = None,  # noqa: A002
        sort: OrderSort | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Order] | None:
        """List orders."""
        query = visible_orders(info.context.caller).filter(**_conditions(filter or OrderFilter()))
        sort = sort or OrderSort()
        order = Sort(sort.by.value, descending=sort.direction is SortDirection.DESC)
        return await connect(
            info.context.loaders,
            query,
            order,
            Arguments(first, after, last, before),
            Order.of,
            is_scan=filter is not None,
        )


def _conditions(given: OrderFilter) -> dict[str, object]:
    conditions: dict[str, object] = {}
    if given.customer_id is not None:
        conditions["customer_id"] = row_id(given.customer_id, "User", "filter", "customerId")
    if given.status is not None:
        conditions["status__in"] = given.status
    if given.currency is not None:
        conditions["currency__in"] = possible(models.Order, "currency", given.currency)
    if given.placed_from is not None:
        conditions["placed_at__gte"] = _utc(given.placed_from, "placedFrom")
    if given.placed_before is not None:
        conditions["placed_at__lt"] = _utc(given.placed_before, "placedBefore")
    return conditions


def _utc(time: datetime, field: str) -> datetime:
    """The same moment as rows have it: databases compare the digits, whatever the zone."""
    if time.tzinfo is None:
        message = f"{field} needs a time zone, such as 2026-11-24T12:00:00Z."
        raise reject(ErrorCode.INVALID, message, "filter", field)
    try:
        return time.astimezone(UTC)
    except OverflowError:
        # No row is as old, or as far ahead, as the first and the last day of the calendar.
        return time.replace(tzinfo=UTC)
