"""An account that may read some tables: it is told, and the others are not carried half."""

import pytest

from migrator.errors import ConfigurationError
from tests.migrator.conftest import RoadFactory
from tests.migrator.faults.scene import BEFORE, left_out
from tests.migrator.road import Source


def as_reader(source: Source, *grants: str) -> str:
    """The URL of a user who may only what is granted."""
    user = f"u_{source.database[-8:]}"
    also = () if source.is_mariadb else (f"GRANT XA_RECOVER_ADMIN ON *.* TO {user}",)
    source.run(
        f"CREATE USER {user} IDENTIFIED BY 'x'",
        f"GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO {user}",
        *also,
        *(f"GRANT {grant} TO {user}" for grant in grants),
    )
    return source.url.replace("root@", f"{user}:x@")


async def test_a_user_who_may_read_some_tables_is_told(
    source: Source, make_road: RoadFactory
) -> None:
    source.run(*BEFORE, "CREATE TABLE hidden (id INT PRIMARY KEY)")
    url = as_reader(source, "SELECT ON t")
    road = make_road(source_url=url)

    with pytest.raises(ConfigurationError, match=r"GRANT SELECT ON `.*`\.\* TO") as caught:
        await road.copy()

    assert source.database in str(caught.value)
    assert list(road.client[road.state].positions.find()) == []


async def test_a_table_that_may_not_be_read_any_more_is_left_out(
    source: Source, make_road: RoadFactory
) -> None:
    source.run(*BEFORE, "CREATE TABLE hidden (id INT PRIMARY KEY, v INT)")
    url = as_reader(source, f"SELECT ON {source.database}.*")
    road = make_road(source_url=url)
    await road.copy()
    user = url.partition("//")[2].partition(":")[0]
    source.run(f"REVOKE SELECT ON {source.database}.* FROM {user}", f"GRANT SELECT ON t TO {user}")

    async with road.going():
        await source.change("INSERT INTO hidden VALUES (9, 9)", "UPDATE t SET v = 6")
        await road.settled()
        await source.change("ALTER TABLE hidden ADD c INT", "UPDATE t SET v = 7")
        await road.settled()

    assert [one["v"] for one in road.documents("t")] == [7]
    assert "GRANT SELECT ON " in left_out(road)["hidden"]
