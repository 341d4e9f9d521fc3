"""Placing orders and moving them through their steps."""

from collections.abc import Awaitable, Callable

import strawberry

from service import models
from service.operations import order_placement, orders
from service.operations.rules.access import Principal
from service.schema.mutations.payloads import Payload, mutation
from service.schema.relay.context import Info
from service.schema.relay.ids import row_id, row_id_or_none
from service.schema.types.orders import Order


@strawberry.input(description="Where an order goes.")
class AddressInput:
    """`country` is an ISO 3166-1 code of two letters."""

    name: str
    line1: str
    city: str
    country: str
    line2: str = ""
    postal_code: str = ""


@strawberry.input(description="So many of a product.")
class OrderLineInput:
    """One for each product."""

    product_id: strawberry.ID
    quantity: int = 1


@strawberry.input(description="An order; without a customer it is the caller's.")
class PlaceOrderInput:
    """With a key, a repeat returns the order that the first call made."""

    lines: list[OrderLineInput]
    shipping_address: AddressInput
    customer_id: strawberry.ID | None = None
    idempotency_key: str | None = strawberry.field(
        default=None, description="Any text, unique for each order that the customer means."
    )

    def parsed(self) -> order_placement.NewOrder:
        """The operation's input. Raises `Rejected` for ids of the wrong kind."""
        address = self.shipping_address
        return order_placement.NewOrder(
            items=tuple(
                order_placement.Item(
                    row_id(line.product_id, "Product", "lines", str(index), "productId"),
                    line.quantity,
                )
                for index, line in enumerate(self.lines)
            ),
            shipping_address=order_placement.Address(
                name=address.name,
                line1=address.line1,
                line2=address.line2,
                postal_code=address.postal_code,
                city=address.city,
                country=address.country,
            ),
            customer_id=row_id_or_none(self.customer_id, "User", "customerId"),
            idempotency_key=self.idempotency_key,
        )


@strawberry.type
class PlaceOrderPayload(Payload):
    """The pending order; its stock is reserved."""

    order: Order | None = None


@strawberry.input
class PayOrderInput:
    """Which order was paid."""

    id: strawberry.ID


@strawberry.type
class PayOrderPayload(Payload):
    """The paid order."""

    order: Order | None = None


@strawberry.input
class ShipOrderInput:
    """Which order is on its way."""

    id: strawberry.ID


@strawberry.type
class ShipOrderPayload(Payload):
    """The shipped order."""

    order: Order | None = None


@strawberry.input
class DeliverOrderInput:
    """Which order has arrived."""

    id: strawberry.ID


@strawberry.type
class DeliverOrderPayload(Payload):
    """The delivered order."""

    order: Order | None = None


@strawberry.input
class CancelOrderInput:
    """Which order is off."""

    id: strawberry.ID


@strawberry.type
class CancelOrderPayload(Payload):
    """The cancelled order; its stock is free again."""

    order: Order | None = None


OrderStep = Callable[[Principal, int], Awaitable[models.Order]]


async def _stepped(info: Info, step: OrderStep, order_id: str) -> Order:
    return Order.of(await step(info.context.caller, row_id(order_id, "Order", "id")))


@strawberry.type
class OrderMutation:
    """For customers and staff."""

    @mutation
    async def place_order(self, info: Info, input: PlaceOrderInput) -> PlaceOrderPayload | None:
        """Reserve the stock and create the order, all lines or none."""
        context = info.context
        row = await order_placement.place_order(
            context.caller, input.parsed(), context.reservations
        )
        return PlaceOrderPayload(order=Order.of(row))

    @mutation
    async def pay_order(self, info: Info, input: PayOrderInput) -> PayOrderPayload | None:
        """Note that a pending order was paid; for staff."""
        return PayOrderPayload(order=await _stepped(info, orders.pay_order, input.id))

    @mutation
    async def ship_order(self, info: Info, input: ShipOrderInput) -> ShipOrderPayload | None:
        """Note that a paid order is on its way."""
        return ShipOrderPayload(order=await _stepped(info, orders.ship_order, input.id))

    @mutation
    async def deliver_order(
        self,
        info: Info,
        input: DeliverOrderInput,
    ) -> DeliverOrderPayload | None:
        """Note that a shipped order has arrived."""
        return DeliverOrderPayload(order=await _stepped(info, orders.deliver_order, input.id))

    @mutation
    async def cancel_order(self, info: Info, input: CancelOrderInput) -> CancelOrderPayload | None:
        """Cancel a pending or paid order and return its stock."""
        return CancelOrderPayload(order=await _stepped(info, orders.cancel_order, input.id))
