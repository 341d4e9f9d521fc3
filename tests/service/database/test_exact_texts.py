"""An older database becomes as exact as a new one, and its products are folded again."""

from collections.abc import AsyncIterator

import pytest
from tortoise.connection import get_connection
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from service.database.connect import connected, tortoise_config
from service.database.upgrade import _create_mysql_database, upgrade
from service.models import Product
from service.models.migration_steps.collation import TABLES
from service.models.migration_steps.refolding import BATCH_ROWS
from service.text.folding import folded
from tests.service.conftest import on_each_server

OLDER = {"Tea ۱۴": "tea ۱۴", "مسئول": "مسيول", "کـــتاب": "کـــتاب", "Plain tea": "plain tea"}
ROWS = 2 * BATCH_ROWS + 1


@pytest.fixture
async def older_url(database_url: str) -> AsyncIterator[str]:
    """A database of the first version, with products that its rule has folded."""
    url = f"{database_url}_older"
    is_sqlite = url.startswith("sqlite:")
    if not is_sqlite:
        await _create_mysql_database(url)
    async with connected(url) as client:
        executor = MigrationExecutor(client, tortoise_config(url)["apps"])
        await executor.migrate([MigrationTarget("shop", "0001_shop")])
        for table in () if is_sqlite else TABLES:
            await client.execute_script(
                f"ALTER TABLE {table} CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
            )
        await client.execute_script(_products())
    yield url
    if not is_sqlite:
        async with connected(url) as client:
            await client.execute_script(f"DROP DATABASE {url.rpartition('/')[2]}")


def _products() -> str:
    """By SQL, since the models have the columns of the newest version."""
    names = list(OLDER)
    rows = ", ".join(
        f"('{n}', '{name}', '{n}', '', '{OLDER[name]}', 1, 'EUR', 1, 'active', 0, 0,"
        " '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
        for n in range(ROWS)
        for name in [names[n % len(names)]]
    )
    return (
        "INSERT INTO products (sku, name, slug, description, search_text, price_minor, currency,"
        " stock, status, rating_total, rating_count, created_at, updated_at) VALUES " + rows
    )


async def test_every_product_is_folded_by_the_present_rule(older_url: str) -> None:
    applied = await upgrade(older_url)

    async with connected(older_url):
        products = await Product.all()
        assert "0003_exact_texts" in applied
        assert len(products) == ROWS
        assert [p.sku for p in products if p.search_text != folded(p.name, p.sku)] == []


@on_each_server
async def test_every_text_is_compared_to_the_last_space(older_url: str) -> None:
    await upgrade(older_url)

    async with connected(older_url):
        _, columns = await get_connection("default").execute_query(
            "SELECT COLLATION_NAME AS name FROM information_schema.COLUMNS"
            " WHERE TABLE_SCHEMA = DATABASE() AND DATA_TYPE IN ('varchar', 'text')"
            f" AND TABLE_NAME IN ({', '.join(repr(table) for table in TABLES)})"
        )
        _, session = await get_connection("default").execute_query(
            "SELECT @@collation_connection AS name, @@collation_database AS of_database"
        )
        spaced = await Product.filter(sku="1 ").count()

    exact = {"utf8mb4_0900_bin"} if "nopad" not in session[0]["name"] else {"utf8mb4_nopad_bin"}
    assert {column["name"] for column in columns} == exact
    assert {*session[0].values()} == exact
    assert spaced == 0
