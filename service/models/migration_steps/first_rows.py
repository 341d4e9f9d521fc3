"""The rows that every database has from the beginning."""

import secrets

from tortoise.migrations.schema_editor.base import BaseSchemaEditor

ID_KEY_BYTES = 32
NUMBERED_TABLES = ("products", "reviews", "orders", "users")
"""Those with a column `sequence`."""


async def insert_first_rows(_apps: object, editor: BaseSchemaEditor) -> None:
    """Insert the key of the ids, and a counter for each numbered table."""
    key = secrets.token_hex(ID_KEY_BYTES)
    await editor.client.execute_script(f"INSERT INTO id_keys VALUES ('ids', '{key}')")  # noqa: S608
    for table in NUMBERED_TABLES:
        await editor.client.execute_script(f"INSERT INTO sequences VALUES ('{table}', 0)")  # noqa: S608
