"""One order of strings on both databases."""

from tortoise.migrations.schema_editor.base import BaseSchemaEditor

TABLES = (
    "users", "products", "reviews", "orders", "order_lines", "notifications", "job_runs",
)  # fmt: skip


async def use_binary_collation(_apps: object, editor: BaseSchemaEditor) -> None:
    """Compare MySQL's strings by code point, as SQLite does.

    Its default collation takes `TEA-1` and `tea-1`, or two different emoji, for
    equal, so the same request would succeed on one database and fail on the other.
    """
    if editor.client.capabilities.dialect != "mysql":
        return
    for table in TABLES:
        await editor.client.execute_script(
            f"ALTER TABLE `{table}` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
        )
