"""What customers have bought."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from service.models.columns import DatetimeField, JSONField, StoredEnum, enum_field
from service.models.product import NAME_LENGTH_MAX, SKU_LENGTH_MAX, Product
from service.models.user import User
from service.money import Money

IDEMPOTENCY_KEY_LENGTH_MAX = 128


class OrderStatus(StoredEnum):
    """The steps between them are in operations/orders.py."""

    PENDING = "pending"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class Order(Model):
    """An order, its stock reserved from the moment it exists until it is cancelled."""

    id = fields.BigIntField(primary_key=True)
    number = fields.CharField(max_length=16, unique=True)
    customer: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "shop.User", related_name="orders", on_delete=fields.RESTRICT
    )
    customer_id: int
    status = enum_field(OrderStatus, default=OrderStatus.PENDING)
    currency = fields.CharField(max_length=3)
    total_minor = fields.BigIntField()
    idempotency_key = fields.CharField(max_length=IDEMPOTENCY_KEY_LENGTH_MAX, null=True)
    # SHA-256 of the whole input: the same key with other contents is a mistake, not a retry.
    input_digest = fields.CharField(max_length=64)
    shipping_address: fields.Field[dict[str, str]] = JSONField()
    # The row's number in `operations/reading/sequences.py`; NULL until it is given one.
    sequence = fields.BigIntField(null=True)
    placed_at = DatetimeField()
    paid_at = DatetimeField(null=True)
    shipped_at = DatetimeField(null=True)
    delivered_at = DatetimeField(null=True)
    cancelled_at = DatetimeField(null=True)
    updated_at = DatetimeField()

    lines: fields.ReverseRelation["OrderLine"]

    class Meta:
        table = "orders"
        indexes = (
            Index(fields=("placed_at", "id"), name="order_placed"),
            Index(fields=("total_minor", "id"), name="order_total"),
            Index(fields=("customer_id", "placed_at", "id"), name="order_customer"),
            Index(fields=("status", "placed_at", "id"), name="order_status_placed"),
            Index(fields=("paid_at",), name="order_paid"),
            Index(fields=("sequence", "id"), name="order_sequence"),
        )
        constraints = (
            UniqueConstraint(fields=("customer_id", "idempotency_key"), name="order_idempotent"),
        )

    @property
    def total(self) -> Money:
        """The sum of the lines."""
        return Money(self.total_minor, self.currency)


class OrderLine(Model):
    """A product as it was when it was ordered."""

    id = fields.BigIntField(primary_key=True)
    order: fields.ForeignKeyRelation[Order] = fields.ForeignKeyField(
        "shop.Order", related_name="lines", on_delete=fields.CASCADE
    )
    product: fields.ForeignKeyRelation[Product] = fields.ForeignKeyField(
        "shop.Product", related_name="order_lines", on_delete=fields.RESTRICT
    )
    order_id: int
    product_id: int
    position = fields.IntField()
    sku = fields.CharField(max_length=SKU_LENGTH_MAX)
    name = fields.CharField(max_length=NAME_LENGTH_MAX)
    unit_price_minor = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    quantity = fields.BigIntField()

    class Meta:
        table = "order_lines"
        constraints = (
            UniqueConstraint(fields=("order_id", "position"), name="order_line_position"),
            CheckConstraint(check="quantity > 0", name="order_line_quantity_positive"),
        )

    @property
    def unit_price(self) -> Money:
        """The price of one piece when it was ordered."""
        return Money(self.unit_price_minor, self.currency)

    @property
    def total(self) -> Money:
        """Unit price times quantity."""
        return Money(self.unit_price_minor * self.quantity, self.currency)
