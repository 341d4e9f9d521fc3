import asyncio
import sys

import pytest
from tortoise import Tortoise
from tortoise.connection import get_connection
from tortoise.migrations.autodetector import MigrationAutodetector

from service.database.connect import TORTOISE, connected, tortoise_config
from service.database.upgrade import outstanding_migrations, upgrade
from service.errors import ConfigurationError, DatabaseUnavailable
from service.models import Product
from tests.service.conftest import Shop, on_each_server


async def test_the_migrations_make_what_the_models_say(database_url: str) -> None:
    async with connected(database_url):
        apps = Tortoise.apps
        assert apps is not None
        writers = await MigrationAutodetector(apps, TORTOISE["apps"]).changes()

        assert writers == [], "Run: python -m tortoise -c service.database.TORTOISE makemigrations"
        assert await outstanding_migrations() == []


async def test_upgrading_again_changes_nothing(database_url: str) -> None:
    assert await upgrade(database_url) == []


@on_each_server
async def test_two_processes_may_upgrade_an_empty_database_at_once(database_url: str) -> None:
    url = f"{database_url}_empty"
    command = f"import asyncio, service.database.upgrade as d; asyncio.run(d.upgrade({url!r}))"

    both = [await asyncio.create_subprocess_exec(sys.executable, "-c", command) for _ in range(2)]
    codes = [await process.wait() for process in both]

    assert codes == [0, 0]
    async with connected(url) as client:
        assert await outstanding_migrations() == []
        await client.execute_script(f"DROP DATABASE {url.rpartition('/')[2]}")


async def test_the_database_itself_refuses_negative_stock(shop: Shop) -> None:
    await shop.product("TEA-1")

    with pytest.raises(Exception, match=r"(?i)check|constraint"):
        await Product.filter(sku="TEA-1").update(stock=-1)

    assert (await Product.get(sku="TEA-1")).stock == 20


async def test_sqlite_keeps_foreign_keys_and_waits_for_others(sqlite_url: str) -> None:
    async with connected(sqlite_url) as client:
        _, keys = await client.execute_query("PRAGMA foreign_keys")
        _, mode = await client.execute_query("PRAGMA journal_mode")
        _, wait = await client.execute_query("PRAGMA busy_timeout")

    assert (keys[0][0], mode[0][0], wait[0][0]) == (1, "wal", 5000)


@on_each_server
async def test_every_connection_is_in_utc_and_strict(database_url: str) -> None:
    query = "SELECT @@time_zone AS zone, @@sql_mode AS mode, SLEEP(0.05) AS s"
    async with connected(database_url, 5) as client:
        seen = await asyncio.gather(*(client.execute_query(query) for _ in range(5)))

    sessions = {(rows[0]["zone"], "STRICT_TRANS_TABLES" in rows[0]["mode"]) for _, rows in seen}
    assert sessions == {("+00:00", True)}


@on_each_server
async def test_sessions_on_a_server_are_read_committed(database_url: str) -> None:
    async with connected(database_url):
        _, rows = await get_connection("default").execute_query(
            "SHOW VARIABLES WHERE Variable_name IN ('tx_isolation', 'transaction_isolation')"
        )

    assert {row["Value"] for row in rows} == {"READ-COMMITTED"}


@pytest.mark.parametrize("url", ["postgres://localhost/shop", "mysql://root@localhost/", "shop.db"])
def test_a_url_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        tortoise_config(url)


async def test_a_server_that_is_away_is_told_with_its_address() -> None:
    with pytest.raises(DatabaseUnavailable, match=r"127\.0\.0\.1:1"):
        await upgrade("mysql://root:password@127.0.0.1:1/shop")
