"""Creating and changing products."""

import strawberry

from service.models import ProductStatus
from service.operations import products
from service.schema.mutations.payloads import Payload, mutation
from service.schema.relay.context import Info
from service.schema.relay.ids import row_id
from service.schema.types.money import MoneyInput
from service.schema.types.products import Product


@strawberry.input(description="A product to be made.")
class CreateProductInput:
    """Without a slug, one is made from the name."""

    sku: str
    name: str
    price: MoneyInput
    slug: str | None = None
    description: str = ""
    stock: int = 0
    status: ProductStatus = ProductStatus.ACTIVE

    def parsed(self) -> products.NewProduct:
        """The operation's input."""
        return products.NewProduct(
            sku=self.sku,
            name=self.name,
            amount=self.price.amount,
            currency=self.price.currency,
            slug=self.slug,
            description=self.description,
            stock=self.stock,
            status=self.status,
        )


@strawberry.type
class CreateProductPayload(Payload):
    """The new product."""

    product: Product | None = None


@strawberry.input(description="Up to 500 products to be made together, or not at all.")
class CreateProductsInput:
    """The index in the list names the product in user errors."""

    products: list[CreateProductInput]


@strawberry.type
class CreateProductsPayload(Payload):
    """The new products, in the order of the input; empty if any was refused."""

    products: list[Product] = strawberry.field(default_factory=list)


@strawberry.input(description="What to change of a product; what is left out stays.")
class UpdateProductInput:
    """Stock has a mutation of its own, since it is counted and not set."""

    id: strawberry.ID
    sku: str | None = None
    name: str | None = None
    slug: str | None = None
    description: str | None = None
    price: MoneyInput | None = None
    status: ProductStatus | None = None


@strawberry.type
class UpdateProductPayload(Payload):
    """The product as it is now."""

    product: Product | None = None


@strawberry.input
class ArchiveProductInput:
    """Which product to take off sale."""

    id: strawberry.ID


@strawberry.type
class ArchiveProductPayload(Payload):
    """The archived product."""

    product: Product | None = None


@strawberry.input(description="How many pieces came in, or went out if negative.")
class AdjustStockInput:
    """A difference, so that two adjustments never undo each other."""

    id: strawberry.ID
    delta: int


@strawberry.type
class AdjustStockPayload(Payload):
    """The product with its new stock."""

    product: Product | None = None


@strawberry.type
class ProductMutation:
    """All for staff."""

    @mutation
    async def create_product(
        self,
        info: Info,
        input: CreateProductInput,
    ) -> CreateProductPayload | None:
        """Add a product to the shop."""
        context = info.context
        row = await products.create_product(context.product_writer, context.caller, input.parsed())
        return CreateProductPayload(product=Product.of(row))

    @mutation
    async def create_products(
        self,
        info: Info,
        input: CreateProductsInput,
    ) -> CreateProductsPayload | None:
        """Add up to 500 products in one transaction, all or none."""
        new = [item.parsed() for item in input.products]
        rows = await products.create_products(info.context.caller, new)
        return CreateProductsPayload(products=[Product.of(row) for row in rows])

    @mutation
    async def update_product(
        self,
        info: Info,
        input: UpdateProductInput,
    ) -> UpdateProductPayload | None:
        """Change a product."""
        price = (input.price.amount, input.price.currency) if input.price else None
        changes = products.ProductChanges(
            sku=input.sku,
            name=input.name,
            slug=input.slug,
            description=input.description,
            price=price,
            status=input.status,
        )
        row = await products.update_product(
            info.context.caller, row_id(input.id, "Product", "id"), changes
        )
        return UpdateProductPayload(product=Product.of(row))

    @mutation
    async def archive_product(
        self,
        info: Info,
        input: ArchiveProductInput,
    ) -> ArchiveProductPayload | None:
        """Take a product off sale and keep it for its orders."""
        key = row_id(input.id, "Product", "id")
        row = await products.archive_product(info.context.caller, key)
        return ArchiveProductPayload(product=Product.of(row))

    @mutation
    async def adjust_stock(self, info: Info, input: AdjustStockInput) -> AdjustStockPayload | None:
        """Count pieces in or out; stock never falls below zero."""
        key = row_id(input.id, "Product", "id")
        row = await products.adjust_stock(info.context.caller, key, input.delta)
        return AdjustStockPayload(product=Product.of(row))
