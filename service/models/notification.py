"""Messages to users."""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from service.models.columns import DatetimeField, JSONField, StoredEnum, enum_field
from service.models.user import User

NOTIFICATION_TITLE_LENGTH_MAX = 200
NOTIFICATION_BODY_LENGTH_MAX = 10_000


class NotificationKind(StoredEnum):
    """What the message is about, so that clients can choose an icon or a page."""

    MESSAGE = "message"
    ORDER_CANCELLED = "order_cancelled"
    LOW_STOCK = "low_stock"
    DAILY_DIGEST = "daily_digest"
    UNKNOWN = "unknown"


class Notification(Model):
    """One message to one user."""

    id = fields.BigIntField(primary_key=True)
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "shop.User", related_name="notifications", on_delete=fields.CASCADE
    )
    user_id: int
    kind = enum_field(NotificationKind, default=NotificationKind.MESSAGE, max_length=32)
    title = fields.CharField(max_length=NOTIFICATION_TITLE_LENGTH_MAX)
    body = fields.TextField(default="")
    data: fields.Field[dict[str, Any]] = JSONField(default=dict)
    # Jobs fill this with what the message is the effect of, so that a repeat writes nothing.
    dedupe_key = fields.CharField(max_length=128, null=True, unique=True)
    created_at = DatetimeField()
    read_at = DatetimeField(null=True)

    class Meta:
        table = "notifications"
        indexes = (
            Index(fields=("user_id", "created_at", "id"), name="notification_user"),
            Index(fields=("created_at", "id"), name="notification_created"),
        )
