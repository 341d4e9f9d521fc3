"""People: customers, staff and administrators."""

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from service.models.columns import DatetimeField, StoredEnum, enum_field

EMAIL_LENGTH_MAX = 254
FULL_NAME_LENGTH_MAX = 200


class UserRole(StoredEnum):
    """Each role may do what the ones before it may."""

    CUSTOMER = "customer"
    STAFF = "staff"
    ADMIN = "admin"
    UNKNOWN = "unknown"


class User(Model):
    """An account, its address kept as typed and unique in its folded form."""

    id = fields.BigIntField(primary_key=True)
    email = fields.CharField(max_length=EMAIL_LENGTH_MAX)
    email_key = fields.CharField(max_length=EMAIL_LENGTH_MAX, unique=True)
    password_hash = fields.CharField(max_length=255)
    full_name = fields.CharField(max_length=FULL_NAME_LENGTH_MAX)
    role = enum_field(UserRole, default=UserRole.CUSTOMER)
    active = fields.BooleanField(default=True)
    # Part of every token: one that has an older number than the user has ended.
    token_version = fields.IntField(default=0, db_default=0)
    # The row's number in `operations/reading/sequences.py`; NULL until it is given one.
    sequence = fields.BigIntField(null=True)
    created_at = DatetimeField()
    updated_at = DatetimeField()

    class Meta:
        table = "users"
        indexes = (
            Index(fields=("created_at", "id"), name="user_created"),
            Index(fields=("sequence", "id"), name="user_sequence"),
        )
