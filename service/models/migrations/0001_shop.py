from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from service.models.migration_steps.collation import use_binary_collation
from service.models.job_run import JobOutcome, JobTrigger
from service.models.notification import NotificationKind
from service.models.order import OrderStatus
from service.models.product import ProductStatus
from service.models.review import ReviewStatus
from service.models.user import UserRole
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="JobRun",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("job", fields.CharField(max_length=64)),
                (
                    "scheduled_for",
                    fields.DatetimeField(auto_now=False, auto_now_add=False),
                ),
                (
                    "trigger",
                    fields.CharEnumField(
                        default=JobTrigger.SCHEDULE,
                        description="SCHEDULE: schedule\nMANUAL: manual",
                        enum_type=JobTrigger,
                        max_length=16,
                    ),
                ),
                (
                    "outcome",
                    fields.CharEnumField(
                        default=JobOutcome.RUNNING,
                        description="RUNNING: running\nSUCCEEDED: succeeded\nFAILED: failed\nSKIPPED: skipped\nABANDONED: abandoned",
                        enum_type=JobOutcome,
                        max_length=16,
                    ),
                ),
                ("owner", fields.CharField(max_length=128)),
                ("attempt", fields.IntField(default=1)),
                (
                    "started_at",
                    fields.DatetimeField(auto_now=False, auto_now_add=False),
                ),
                (
                    "heartbeat_at",
                    fields.DatetimeField(auto_now=False, auto_now_add=False),
                ),
                (
                    "finished_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("error", fields.TextField(null=True, unique=False)),
                (
                    "result",
                    fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
                ),
            ],
            options={
                "table": "job_runs",
                "app": "shop",
                "pk_attr": "id",
                "table_description": "One run of one job. The unique (job, scheduled_for) decides who runs a tick.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Product",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("sku", fields.CharField(unique=True, max_length=64)),
                ("name", fields.CharField(max_length=200)),
                ("slug", fields.CharField(unique=True, max_length=255)),
                ("description", fields.TextField(default="", unique=False)),
                ("search_text", fields.TextField(default="", unique=False)),
                ("price_minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("stock", fields.BigIntField(default=0)),
                (
                    "status",
                    fields.CharEnumField(
                        default=ProductStatus.ACTIVE,
                        description="DRAFT: draft\nACTIVE: active\nARCHIVED: archived",
                        enum_type=ProductStatus,
                        max_length=16,
                    ),
                ),
                ("rating_total", fields.BigIntField(default=0)),
                ("rating_count", fields.BigIntField(default=0)),
                (
                    "low_stock_notified_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "created_at",
                    fields.DatetimeField(auto_now=False, auto_now_add=False),
                ),
                (
                    "updated_at",
                    fields.DatetimeField(auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "products",
                "app": "shop",
                "pk_attr": "id",
                "table_description": "One article, its price in minor units and its free stock.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="User",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("email", fields.CharField(max_length=254)),
                ("email_key", fields.CharField(unique=True, max_length=254)),
                ("password_hash", fields.CharField(max_length=255)),
                ("full_name", fields.CharField(max_length=200)),
                (
                    "role",
                    fields.CharEnumField(
                        default=UserRole.CUSTOMER,
                        description="CUSTOMER: customer\nSTAFF: staff\nADMIN: admin",
                        enum_type=UserRole,
                        max_length=16,
                    ),
                ),
                ("active", fields.BooleanField(default=True)),
                (
                    "created_at",
                    fields.DatetimeField(auto_now=False, auto_now_add=False),
                ),
                (
                    "updated_at",
                    fields.DatetimeField(auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "users",
                "app": "shop",
                "pk_attr": "id",
                "table_description": "An account, its address kept as typed and unique in its folded form.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Notification",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                (
                    "user",
                    fields.ForeignKeyField(
                        "shop.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="notifications",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "kind",
                    fields.CharEnumField(
                        default=NotificationKind.MESSAGE,
                        description="MESSAGE: message\nORDER_CANCELLED: order_cancelled\nLOW_STOCK: low_stock\nDAILY_DIGEST: daily_digest",
                        enum_type=NotificationKind,
                        max_length=32,
                    ),
                ),
                ("title", fields.CharField(max_length=200)),
                ("body", fields.TextField(default="", unique=False)),
                (
                    "data",
                    fields.JSONField(default=dict, encoder=JSON_DUMPS, decoder=loads),
                ),
                (
                    "dedupe_key",
                    fields.CharField(null=True, unique=True, max_length=128),
                ),
                (
                    "created_at",
                    fields.DatetimeField(auto_now=False, auto_now_add=False),
                ),
                (
                    "read_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "notifications",
                "app": "shop",
                "pk_attr": "id",
                "table_description": "One message to one user.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Order",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                ("number", fields.CharField(unique=True, max_length=16)),
                (
                    "customer",
                    fields.ForeignKeyField(
                        "shop.User",
                        source_field="customer_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="orders",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "status",
                    fields.CharEnumField(
                        default=OrderStatus.PENDING,
                        description="PENDING: pending\nPAID: paid\nSHIPPED: shipped\nDELIVERED: delivered\nCANCELLED: cancelled",
                        enum_type=OrderStatus,
                        max_length=16,
                    ),
                ),
                ("currency", fields.CharField(max_length=3)),
                ("total_minor", fields.BigIntField()),
                ("idempotency_key", fields.CharField(null=True, max_length=128)),
                ("input_digest", fields.CharField(max_length=64)),
                (
                    "shipping_address",
                    fields.JSONField(encoder=JSON_DUMPS, decoder=loads),
                ),
                ("placed_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "paid_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "shipped_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "delivered_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "cancelled_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "updated_at",
                    fields.DatetimeField(auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "orders",
                "app": "shop",
                "pk_attr": "id",
                "table_description": "An order, its stock reserved from the moment it exists until it is cancelled.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="OrderLine",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                (
                    "order",
                    fields.ForeignKeyField(
                        "shop.Order",
                        source_field="order_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="lines",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "product",
                    fields.ForeignKeyField(
                        "shop.Product",
                        source_field="product_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="order_lines",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("position", fields.IntField()),
                ("sku", fields.CharField(max_length=64)),
                ("name", fields.CharField(max_length=200)),
                ("unit_price_minor", fields.BigIntField()),
                ("currency", fields.CharField(max_length=3)),
                ("quantity", fields.BigIntField()),
            ],
            options={
                "table": "order_lines",
                "app": "shop",
                "pk_attr": "id",
                "table_description": "A product as it was when it was ordered.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Review",
            fields=[
                (
                    "id",
                    fields.BigIntField(
                        generated=True, primary_key=True, unique=True, db_index=True
                    ),
                ),
                (
                    "product",
                    fields.ForeignKeyField(
                        "shop.Product",
                        source_field="product_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="reviews",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "user",
                    fields.ForeignKeyField(
                        "shop.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="reviews",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("rating", fields.SmallIntField()),
                ("title", fields.CharField(default="", max_length=200)),
                ("body", fields.TextField(default="", unique=False)),
                (
                    "status",
                    fields.CharEnumField(
                        default=ReviewStatus.PENDING,
                        description="PENDING: pending\nAPPROVED: approved\nREJECTED: rejected",
                        enum_type=ReviewStatus,
                        max_length=16,
                    ),
                ),
                (
                    "created_at",
                    fields.DatetimeField(auto_now=False, auto_now_add=False),
                ),
                (
                    "updated_at",
                    fields.DatetimeField(auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "reviews",
                "app": "shop",
                "pk_attr": "id",
                "table_description": "One customer's opinion of one product.",
            },
            bases=["Model"],
        ),
        # SQLite adds a check by copying the table without its indexes, so checks come first.
        ops.AddConstraint(
            model_name="Product",
            constraint=CheckConstraint(
                check="stock >= 0", name="product_stock_never_negative"
            ),
        ),
        ops.AddConstraint(
            model_name="Product",
            constraint=CheckConstraint(
                check="price_minor >= 0", name="product_price_never_negative"
            ),
        ),
        ops.AddConstraint(
            model_name="OrderLine",
            constraint=CheckConstraint(
                check="quantity > 0", name="order_line_quantity_positive"
            ),
        ),
        ops.AddConstraint(
            model_name="Review",
            constraint=CheckConstraint(
                check="rating BETWEEN 1 AND 5", name="review_rating_range"
            ),
        ),
        ops.AddConstraint(
            model_name="JobRun",
            constraint=UniqueConstraint(
                fields=("job", "scheduled_for"), name="job_run_once_per_tick"
            ),
        ),
        ops.AddConstraint(
            model_name="Order",
            constraint=UniqueConstraint(
                fields=("customer_id", "idempotency_key"), name="order_idempotent"
            ),
        ),
        ops.AddConstraint(
            model_name="OrderLine",
            constraint=UniqueConstraint(
                fields=("order_id", "position"), name="order_line_position"
            ),
        ),
        ops.AddConstraint(
            model_name="Review",
            constraint=UniqueConstraint(
                fields=("user_id", "product_id"), name="review_once_per_user"
            ),
        ),
        ops.AddIndex(
            model_name="Product",
            index=Index(fields=["name", "id"], name="product_name"),
        ),
        ops.AddIndex(
            model_name="Product",
            index=Index(fields=["price_minor", "id"], name="product_price"),
        ),
        ops.AddIndex(
            model_name="Product",
            index=Index(fields=["created_at", "id"], name="product_created"),
        ),
        ops.AddIndex(
            model_name="User",
            index=Index(fields=["created_at", "id"], name="user_created"),
        ),
        ops.AddIndex(
            model_name="Notification",
            index=Index(
                fields=["user_id", "created_at", "id"], name="notification_user"
            ),
        ),
        ops.AddIndex(
            model_name="Notification",
            index=Index(fields=["created_at", "id"], name="notification_created"),
        ),
        ops.AddIndex(
            model_name="Order",
            index=Index(fields=["placed_at", "id"], name="order_placed"),
        ),
        ops.AddIndex(
            model_name="Order",
            index=Index(fields=["total_minor", "id"], name="order_total"),
        ),
        ops.AddIndex(
            model_name="Order",
            index=Index(
                fields=["customer_id", "placed_at", "id"], name="order_customer"
            ),
        ),
        ops.AddIndex(
            model_name="Order",
            index=Index(
                fields=["status", "placed_at", "id"], name="order_status_placed"
            ),
        ),
        ops.AddIndex(
            model_name="Review",
            index=Index(
                fields=["product_id", "status", "created_at", "id"],
                name="review_product",
            ),
        ),
        ops.AddIndex(
            model_name="Review",
            index=Index(fields=["status", "created_at", "id"], name="review_queue"),
        ),
        ops.AddIndex(
            model_name="Product",
            index=Index(fields=["low_stock_notified_at"], name="product_low_stock"),
        ),
        ops.AddIndex(model_name="Order", index=Index(fields=["paid_at"], name="order_paid")),
        ops.AddIndex(
            model_name="JobRun", index=Index(fields=["outcome", "job"], name="job_run_outcome")
        ),
        ops.RunPython(use_binary_collation, atomic=False),
    ]
