"""The same comparison of strings on all databases."""

from tortoise.migrations.schema_editor.base import BaseSchemaEditor

TABLES = (
    "users", "products", "reviews", "orders", "order_lines", "notifications", "job_runs",
)  # fmt: skip
EXACT_ON_MARIADB = "utf8mb4_nopad_bin"
EXACT_ON_MYSQL = "utf8mb4_0900_bin"
EXACT_COLLATION = f"/*M! COLLATE {EXACT_ON_MARIADB} */ /*!80017 COLLATE {EXACT_ON_MYSQL} */"
"""Each server executes only its own kind of comment."""


async def use_binary_collation(_apps: object, editor: BaseSchemaEditor) -> None:
    """Compare MySQL's strings by code point, to the last space, as SQLite does.

    Its default collation takes `TEA-1` and `tea-1`, or two different emoji, for
    equal, and `utf8mb4_bin` takes `TEA-1` with a space after it for `TEA-1`: the same
    request would succeed on one database and fail on the other.
    """
    if editor.client.capabilities.dialect != "mysql":
        return
    for table in TABLES:
        await editor.client.execute_script(
            f"ALTER TABLE `{table}` CONVERT TO CHARACTER SET utf8mb4 {EXACT_COLLATION}"
        )
