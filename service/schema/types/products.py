"""Products: the type and its lists."""

from datetime import datetime
from enum import Enum

import strawberry
from graphql import GRAPHQL_MAX_INT
from strawberry import Private
from tortoise.queryset import QuerySet

from service import models
from service.errors import ErrorCode, reject
from service.models import ProductStatus
from service.money import parse_money
from service.operations.products import PRODUCTS_PER_CALL_MAX
from service.operations.reading.lookups import possible
from service.operations.reading.search import terms
from service.operations.rules.visibility import listed_products, visible_products
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
from service.schema.relay.ids import Node, global_id, row_id
from service.schema.relay.related import related
from service.schema.types.money import Money, MoneyInput
from service.schema.types.refs import ReviewRef
from service.text.forms import nfc

strawberry.enum(ProductStatus, description="Only active products can be ordered.")


@strawberry.type(description="An article of the shop.")
class Product(Node):
    """Plain attributes, filled from the row at once; only relations are resolved."""

    key: Private[int]
    sku: str
    name: str
    slug: str
    description: str
    price: Money
    stock: int
    status: ProductStatus
    rating_average: float | None = strawberry.field(
        description="The mean of the approved reviews' ratings, 1 to 5."
    )
    rating_count: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: models.Product) -> "Product":
        """Shape a row."""
        return cls(
            id=global_id("Product", row.id),
            key=row.id,
            sku=row.sku,
            name=row.name,
            slug=row.slug,
            description=row.description,
            price=Money.of(row.price),
            # Returned orders may have raised it above the range of GraphQL's Int.
            stock=min(row.stock, GRAPHQL_MAX_INT),
            status=row.status,
            rating_average=row.rating_average,
            rating_count=min(row.rating_count, GRAPHQL_MAX_INT),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )

    reviews = related(
        ReviewRef, "Review", "product_id", "What customers say of it, the newest first."
    )


@strawberry.enum(description="What products can be sorted by.")
class ProductSortKey(Enum):
    """The value is the column."""

    CREATED_AT = "created_at"
    NAME = "name"
    PRICE = "price_minor"
    SEQUENCE = strawberry.enum_value("sequence", description=SEQUENCE_DESCRIPTION)


@strawberry.input(description="The order of a list of products.")
class ProductSort:
    """A column and a direction."""

    by: ProductSortKey = ProductSortKey.CREATED_AT
    direction: SortDirection = SortDirection.ASC


@strawberry.input(description="Which products to list; all given conditions must hold.")
class ProductFilter:
    """Prices are compared within their currency only."""

    search: str | None = strawberry.field(
        default=None, description="Words that occur in name, sku or description."
    )
    status: list[ProductStatus] | None = None
    sku: list[str] | None = None
    in_stock: bool | None = None
    currency: str | None = None
    price_min: MoneyInput | None = None
    price_max: MoneyInput | None = None


@strawberry.type
class ProductQuery:
    """The entry points."""

    @strawberry.field(description="One product, by exactly one of its three names.")
    async def product(
        self,
        info: Info,
        id: strawberry.ID | None = None,
        sku: str | None = None,
        slug: str | None = None,
    ) -> Product | None:
        """Find a product."""
        if sum(name is not None for name in (id, sku, slug)) != 1:
            raise reject(ErrorCode.INVALID, "Give exactly one of id, sku and slug.")
        product: Product | None
        if id is not None:
            product = await info.context.loaders.node("Product", row_id(id, "Product", "id"))
            return product
        column, name = ("sku", sku) if sku is not None else ("slug", slug or "")
        names = possible(models.Product, column, nfc(name))
        query = visible_products(info.context.caller)
        row = await query.get_or_none(**{f"{column}__in": names})
        return Product.of(row) if row else None

    @strawberry.field(description="The products of the shop.")
    @paged
    async def products(
        self,
        info: Info,
        filter: ProductFilter | None = None,
        sort: ProductSort | None = None,
        *,
        page: PageArguments,
    ) -> Connection[Product] | None:
        """List products."""
        rows = listed_products(info.context.caller)
        if filter is not None:
            rows = _filtered(rows, filter)
        sort = sort or ProductSort()
        by = order(sort.by.value, sort.direction)
        loaders = info.context.loaders
        return await connect(loaders, rows, by, page, Product.of, is_scan=filter is not None)


def _filtered(rows: QuerySet[models.Product], filter: ProductFilter) -> QuerySet[models.Product]:
    if filter.sku is not None and len(filter.sku) > PRODUCTS_PER_CALL_MAX:
        message = f"Name at most {PRODUCTS_PER_CALL_MAX} values."
        raise reject(ErrorCode.OUT_OF_RANGE, message, "filter", "sku")
    skus, currency, in_stock = filter.sku, filter.currency, filter.in_stock
    conditions = given(
        status__in=filter.status,
        sku__in=None if skus is None else possible(models.Product, "sku", *map(nfc, skus)),
        stock__gt=0 if in_stock else None,
        stock=0 if in_stock is False else None,
        currency__in=None if currency is None else possible(models.Product, "currency", currency),
    )
    for term in terms(filter.search or ""):
        rows = rows.filter(search_text__contains=term)
    return _priced(rows.filter(**conditions), filter)


def _priced(rows: QuerySet[models.Product], filter: ProductFilter) -> QuerySet[models.Product]:
    bounds = {"gte": filter.price_min, "lte": filter.price_max}
    prices = {side: bound for side, bound in bounds.items() if bound is not None}
    currencies = {bound.currency for bound in prices.values()}
    if prices and filter.currency is not None:
        currencies.add(filter.currency)
    if len(currencies) > 1:
        named = " and ".join(f"{currency[:8]!r}" for currency in sorted(currencies))
        message = f"Prices are compared within one currency; the filter names {named}."
        raise reject(ErrorCode.CURRENCY_MISMATCH, message, "filter")
    for side, bound in prices.items():
        price = parse_money(bound.amount, bound.currency)
        rows = rows.filter(currency=price.currency, **{f"price_minor__{side}": price.minor})
    return rows
