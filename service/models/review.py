"""What customers say about a product."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from service.models.columns import DatetimeField, StoredEnum, enum_field
from service.models.product import Product
from service.models.user import User

RATING_MIN = 1
RATING_MAX = 5
REVIEW_TITLE_LENGTH_MAX = 200
REVIEW_BODY_LENGTH_MAX = 10_000


class ReviewStatus(StoredEnum):
    """Only approved reviews count towards the product's rating."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class Review(Model):
    """One customer's opinion of one product."""

    id = fields.BigIntField(primary_key=True)
    product: fields.ForeignKeyRelation[Product] = fields.ForeignKeyField(
        "shop.Product", related_name="reviews", on_delete=fields.RESTRICT
    )
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "shop.User", related_name="reviews", on_delete=fields.RESTRICT
    )
    product_id: int
    user_id: int
    rating = fields.SmallIntField()
    title = fields.CharField(max_length=REVIEW_TITLE_LENGTH_MAX, default="")
    body = fields.TextField(default="")
    status = enum_field(ReviewStatus, default=ReviewStatus.PENDING)
    # The row's number in `operations/reading/sequences.py`; NULL until it is given one.
    sequence = fields.BigIntField(null=True)
    created_at = DatetimeField()
    updated_at = DatetimeField()

    class Meta:
        table = "reviews"
        indexes = (
            Index(fields=("product_id", "status", "created_at", "id"), name="review_product"),
            Index(fields=("status", "created_at", "id"), name="review_queue"),
            Index(fields=("sequence", "id"), name="review_sequence"),
            Index(fields=("rating", "id"), name="review_rating"),
        )
        constraints = (
            UniqueConstraint(fields=("user_id", "product_id"), name="review_once_per_user"),
            CheckConstraint(check="rating BETWEEN 1 AND 5", name="review_rating_range"),
        )
