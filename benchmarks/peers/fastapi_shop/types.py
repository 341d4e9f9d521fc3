# mypy: ignore-errors
# Its libraries are installed in an environment of its own, where mypy does not look.
"""The GraphQL types and inputs, of the same shape as the service's."""

import json
from base64 import b64encode
from datetime import datetime
from enum import Enum
from typing import Generic, TypeVar

import strawberry
from fastapi_shop import models
from strawberry import Private

N = TypeVar("N")


@strawberry.enum
class ProductStatus(Enum):
    """The value is the column's."""

    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"


@strawberry.enum
class OrderStatus(Enum):
    """The value is the column's."""

    PENDING = "pending"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


@strawberry.enum
class ProductSortKey(Enum):
    """The value is the column."""

    CREATED_AT = "created_at"
    NAME = "name"
    PRICE = "price_minor"
    STOCK = "stock"


@strawberry.type
class Money:
    """An exact amount."""

    amount: str
    currency: str

    @classmethod
    def of(cls, minor: int, currency: str) -> "Money":
        """Shape an amount; the benchmark has euros only."""
        return cls(amount=f"{minor // 100}.{minor % 100:02}", currency=currency)


@strawberry.type
class Product:
    """An article."""

    id: strawberry.ID
    sku: str
    name: str
    slug: str
    description: str
    price: Money
    stock: int
    status: ProductStatus
    created_at: datetime

    @classmethod
    def of(cls, row: models.Product) -> "Product":
        """Shape a row."""
        return cls(
            id=strawberry.ID(b64encode(f"Product:{row.id}".encode()).decode()),
            sku=row.sku,
            name=row.name,
            slug=row.slug,
            description=row.description,
            price=Money.of(row.price_minor, row.currency),
            stock=row.stock,
            status=ProductStatus(row.status),
            created_at=row.created_at,
        )


@strawberry.type
class PageInfo:
    """Where a page ends."""

    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class Edge(Generic[N]):
    """A row of a list, with its cursor."""

    cursor: str
    node: N


@strawberry.type
class Connection(Generic[N]):
    """A page of a list."""

    edges: list[Edge[N]]
    page_info: PageInfo


def cursor_of(*position: object) -> str:
    """A row's place in an order, as clients see it."""
    return b64encode(json.dumps(position, default=str).encode()).decode()


@strawberry.type
class OrderLine:
    """A product of an order."""

    product_key: Private[int]
    sku: str
    quantity: int
    unit_price: Money

    @classmethod
    def of(cls, row: models.OrderLine) -> "OrderLine":
        """Shape a row."""
        price = Money.of(row.unit_price_minor, row.currency)
        return cls(product_key=row.product_id, sku=row.sku, quantity=row.quantity, unit_price=price)

    @strawberry.field
    async def product(self, info: strawberry.Info) -> Product | None:
        """The product as it is now."""
        row = await info.context["product_loader"].load(self.product_key)
        return Product.of(row) if row else None


@strawberry.type
class Order:
    """What somebody bought."""

    key: Private[int]
    number: str
    status: OrderStatus
    total: Money

    @classmethod
    def of(cls, row: models.Order) -> "Order":
        """Shape a row."""
        return cls(
            key=row.id,
            number=row.number,
            status=OrderStatus(row.status),
            total=Money.of(row.total_minor, row.currency),
        )

    @strawberry.field
    async def lines(self, info: strawberry.Info) -> Connection[OrderLine]:
        """What was ordered."""
        rows = await info.context["lines_loader"].load(self.key)
        edges = [
            Edge(cursor=cursor_of(row.position, row.id), node=OrderLine.of(row)) for row in rows
        ]
        end = edges[-1].cursor if edges else None
        return Connection(edges=edges, page_info=PageInfo(has_next_page=False, end_cursor=end))


@strawberry.input
class MoneyInput:
    """An exact amount."""

    amount: str
    currency: str


@strawberry.input
class ProductSort:
    """The order of a list."""

    by: ProductSortKey = ProductSortKey.CREATED_AT


@strawberry.input
class CreateProductInput:
    """A product to be made."""

    sku: str
    name: str
    price: MoneyInput
    description: str = ""
    stock: int = 0
    status: ProductStatus = ProductStatus.ACTIVE


@strawberry.type
class UserError:
    """One reason for a refusal."""

    field: list[str]
    code: str
    message: str


@strawberry.type
class CreateProductPayload:
    """The new product, or why there is none."""

    product: Product | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)
