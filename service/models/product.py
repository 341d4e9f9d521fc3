"""What the shop sells."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from service.models.columns import DatetimeField, StoredEnum, enum_field
from service.money import Money

SKU_LENGTH_MAX = 64
NAME_LENGTH_MAX = 200
SLUG_LENGTH_MAX = 255
DESCRIPTION_LENGTH_MAX = 10_000
STOCK_MAX = 1_000_000_000


class ProductStatus(StoredEnum):
    """Only an active product can be ordered; an archived one is kept for its orders."""

    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"
    UNKNOWN = "unknown"


class Product(Model):
    """One article, its price in minor units and its free stock."""

    id = fields.BigIntField(primary_key=True)
    sku = fields.CharField(max_length=SKU_LENGTH_MAX, unique=True)
    name = fields.CharField(max_length=NAME_LENGTH_MAX)
    slug = fields.CharField(max_length=SLUG_LENGTH_MAX, unique=True)
    description = fields.TextField(default="")
    # The name, sku and description, folded for search: see text/folding.py.
    search_text = fields.TextField(default="")
    price_minor = fields.BigIntField()
    currency = fields.CharField(max_length=3)
    stock = fields.BigIntField(default=0)
    status = enum_field(ProductStatus, default=ProductStatus.ACTIVE)
    # The average is derived from these two, so it can never drift from them.
    rating_total = fields.BigIntField(default=0)
    rating_count = fields.BigIntField(default=0)
    # Set while staff know of the low stock, so that they are notified once.
    low_stock_notified_at = DatetimeField(null=True)
    # The row's number in `operations/reading/sequences.py`; NULL until it is given one.
    sequence = fields.BigIntField(null=True)
    created_at = DatetimeField()
    updated_at = DatetimeField()

    class Meta:
        table = "products"
        indexes = (
            Index(fields=("name", "id"), name="product_name"),
            Index(fields=("price_minor", "id"), name="product_price"),
            Index(fields=("created_at", "id"), name="product_created"),
            Index(fields=("low_stock_notified_at",), name="product_low_stock"),
            Index(fields=("sequence", "id"), name="product_sequence"),
        )
        # No index may hold the stock: a guarded UPDATE that finds its row through one
        # misses it while another moves it there (docs/decisions/0004-stock-without-an-index.md).
        constraints = (
            CheckConstraint(check="stock >= 0", name="product_stock_never_negative"),
            CheckConstraint(check="price_minor >= 0", name="product_price_never_negative"),
        )

    @property
    def price(self) -> Money:
        """The unit price."""
        return Money(self.price_minor, self.currency)

    @property
    def rating_average(self) -> float | None:
        """The mean of the approved ratings, 1 to 5, or None before the first."""
        return self.rating_total / self.rating_count if self.rating_count else None
