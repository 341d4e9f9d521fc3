"""What `verify --independent` prints, writes and ends with."""

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from migrator.cli.verify import Wanted, verify_independently
from migrator.errors import ConfigurationError
from migrator.exit_codes import Exit
from migrator.supervise.wish import Wish
from tests.migrator.conftest import RoadFactory
from tests.migrator.road import Road, Source

pytestmark = pytest.mark.usefixtures("soon")


async def printed(road: Road, wanted: Wanted) -> tuple[Exit, str]:
    text = StringIO()
    console = Console(file=text, width=120, highlight=False)
    return await verify_independently(road.settings, console, wanted), text.getvalue()


async def test_it_lists_differences_for_people_and_for_machines(
    mysql: Source, make_mysql_road: RoadFactory, tmp_path: Path
) -> None:
    road = make_mysql_road(exclude=(f"{mysql.database}.other",))
    mysql.run(
        "CREATE TABLE t (id INT PRIMARY KEY, v INT)",
        "INSERT INTO t VALUES (1, 1), (2, 2)",
        "CREATE TABLE other (id INT PRIMARY KEY)",
    )
    await road.copy()
    file = tmp_path / "findings.json"
    name = f"{mysql.database}.t"

    before, shown_before = await printed(road, Wanted())
    road.client[mysql.database].t.update_one({"_id": 2}, {"$set": {"v": 3.0}})
    after, shown = await printed(road, Wanted(json=file))
    _, hidden = await printed(road, Wanted(Wish(hide_values=True)))

    assert before is Exit.COMPLETE
    assert "EQUAL: 2 rows were compared." in shown_before
    assert f"{mysql.database}.other was not compared: The settings exclude it." in shown_before
    assert after is Exit.INCOMPLETE
    assert f"{name} int32 2: different\n    v: int32 2 at the source, double 3.0 in the target" in (
        shown
    )
    assert f"{name} int32 2: different: v\n" in hidden
    assert "double 3.0" not in hidden
    written = json.loads(file.read_text())
    assert written["equal"] is False
    assert written["differences"] == [
        {
            "table": name,
            "kind": "different",
            "key": "int32 2",
            "fields": [{"name": "v", "source": "int32 2", "target": "double 3.0"}],
        }
    ]
    assert [(one["table"], one["compared"], one["different"]) for one in written["tables"]] == [
        (f"{mysql.database}.other", 0, 0),
        (name, 2, 1),
    ]


async def test_what_cannot_be_compared_is_status_3(
    mysql: Source, make_mysql_road: RoadFactory
) -> None:
    road = make_mysql_road()
    mysql.run("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
    await road.copy()
    mysql.run("CREATE TABLE late (id INT PRIMARY KEY)")

    status, shown = await printed(road, Wanted())
    one, _ = await printed(road, Wanted(Wish(tables=(f"{mysql.database}.t",))))

    assert status is Exit.INCOMPLETE
    assert f"{mysql.database}.late was not compared: It has not joined the migration." in shown
    assert one is Exit.COMPLETE


async def test_only_tables_of_the_migration_can_be_asked_for(
    mysql: Source, make_mysql_road: RoadFactory
) -> None:
    road = make_mysql_road()

    with pytest.raises(ConfigurationError, match="is not a table of this migration"):
        await printed(road, Wanted(Wish(tables=(f"{mysql.database}.none",))))
    for wish in Wish(repair=True), Wish(rows_per_second=1):
        with pytest.raises(ConfigurationError, match="--independent only compares"):
            await printed(road, Wanted(wish))
    mysql.run(f"DROP DATABASE {mysql.database}")


async def test_large_rows_come_in_small_pages(mysql: Source, make_mysql_road: RoadFactory) -> None:
    road = make_mysql_road()
    mysql.run(
        "CREATE TABLE t (id INT PRIMARY KEY, v LONGBLOB)",
        *(f"INSERT INTO t VALUES ({n}, REPEAT('x', 3000000))" for n in range(8)),
        *(f"INSERT INTO t VALUES ({n}, 'x')" for n in range(8, 2050)),
    )
    await road.copy()

    status, shown = await printed(road, Wanted())

    assert status is Exit.COMPLETE
    assert "EQUAL: 2,050 rows were compared." in shown
