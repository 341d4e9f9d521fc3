"""Changes that the log shows as text: ours are never lost, those of others stop nobody."""

from pathlib import Path

import pytest
from rich.console import Console

from migrator.cli.decide import decide
from migrator.errors import UnsupportedChange
from tests.migrator.conftest import RoadFactory
from tests.migrator.road import Road, Source
from tests.migrator.twin import differences

T = ("CREATE TABLE t (id INT PRIMARY KEY, v INT)", "INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)")
VIEW = ("CREATE VIEW w AS SELECT * FROM t",)
FUNCTION = (
    "CREATE FUNCTION f() RETURNS INT DETERMINISTIC BEGIN UPDATE t SET v = 77 WHERE id = 2; "
    "RETURN 1; END",
)
TRIGGER = (
    "CREATE TRIGGER {other}.g AFTER INSERT ON {other}.o FOR EACH ROW "
    "UPDATE {own}.t SET v = 55 WHERE id = 3",
)
HIDING = {
    "by its name": ((), "UPDATE t SET v = 4242"),
    "through a view": (VIEW, "UPDATE w SET v = 100 WHERE id = 1"),
    "by a function": (FUNCTION, "SELECT f()"),
    "by a trigger": (TRIGGER, "INSERT INTO {other}.o VALUES (1, 4242)"),
    "by a view that calls a function": (
        (*FUNCTION, "CREATE VIEW {other}.x AS SELECT {own}.f() AS one"),
        "INSERT INTO {other}.o SELECT one, 1 FROM {other}.x",
    ),
    "as one of several tables": ((), "UPDATE {other}.o, {own}.t SET t.v = 4242"),
}
MARIADB = (
    "SET STATEMENT max_statement_time=20 FOR UPDATE t SET v = 1",
    "ANALYZE UPDATE t SET v = 1",
)
HARMLESS = (
    "REPLACE INTO {other}.o SELECT 1, COUNT(*) FROM {own}.t",
    "INSERT INTO {other}.o VALUES (2, 2)",
    "UPDATE {other}.o SET n = n + 1",
    "UPDATE {other}.o AS a SET a.n = 3 WHERE a.id = 1",
    "DELETE FROM {other}.o WHERE id = 2",
    "INSERT INTO left_alone SELECT id FROM t",
)


@pytest.fixture
def other(source: Source) -> str:
    """A database that is not migrated."""
    name = f"{source.database}_other"
    source.run(f"CREATE DATABASE {name}", f"CREATE TABLE {name}.o (id INT PRIMARY KEY, n INT)")
    source.run("SET GLOBAL log_bin_trust_function_creators = 1")
    return name


async def followed(road: Road, change: str) -> None:
    """Copy, and follow what a session in STATEMENT format changes."""
    async with road.going():
        await road.settled()
        await road.source.change("SET SESSION binlog_format = 'STATEMENT'", change)
        await road.settled()


@pytest.mark.parametrize(("made", "change"), HIDING.values(), ids=HIDING.keys())
async def test_a_change_that_may_be_ours_stops_the_stream(
    source: Source, make_road: RoadFactory, other: str, made: tuple[str, ...], change: str
) -> None:
    names = {"own": source.database, "other": other}
    source.run(*T, "INSERT INTO {other}.o VALUES (9, 9)".format(**names))
    source.run(*(statement.format(**names) for statement in made))
    road = make_road()

    with pytest.raises(UnsupportedChange, match="STATEMENT or MIXED") as caught:
        await followed(road, change.format(**names))

    assert "python -m migrator pass " in str(caught.value)
    assert "4242" not in str(caught.value)


@pytest.mark.parametrize("change", MARIADB)
async def test_so_does_one_behind_words_of_mariadb(
    mariadb: Source, make_mariadb_road: RoadFactory, change: str
) -> None:
    mariadb.run(*T)

    with pytest.raises(UnsupportedChange, match="STATEMENT or MIXED"):
        await followed(make_mariadb_road(), change)


async def test_changes_that_only_read_our_tables_stop_nobody(
    source: Source, make_road: RoadFactory, other: str
) -> None:
    names = {"own": source.database, "other": other}
    source.run(*T, "CREATE TABLE left_alone (id INT PRIMARY KEY)")
    road = make_road(exclude=(f"{source.database}.left_alone",))

    async with road.going():
        await road.settled()
        await source.change(
            "SET SESSION binlog_format = 'STATEMENT'",
            *(statement.format(**names) for statement in HARMLESS),
            "SET SESSION binlog_format = 'ROW'",
            "UPDATE t SET v = 8 WHERE id = 1",
        )
        await road.settled()

    assert [one["v"] for one in road.documents("t")] == [8, 2, 3]


async def test_an_operator_may_decide_to_go_past_it(source: Source, road: Road, other: str) -> None:
    source.run(*T, *VIEW)
    with pytest.raises(UnsupportedChange) as caught:
        await followed(road, "UPDATE w SET v = 9")
    place = str(caught.value).partition("migrator pass ")[2].split()[0]

    await decide(road.settings, Console(quiet=True), place, "it was one UPDATE", None)
    source.run("INSERT INTO t VALUES (4, 4)")
    await road.copy()

    assert [one["v"] for one in road.documents("t")] == [9, 9, 9, 4]
    assert await differences(road) == []
    (decision,) = road.client[road.state].decisions.find()
    assert (decision["_id"], decision["because"]) == (place, "it was one UPDATE")


async def test_load_data_of_another_database_stops_nobody(
    source: Source, road: Road, other: str, tmp_path: Path
) -> None:
    rows = tmp_path / "rows.tsv"
    # More than one block of the log, 128 KiB.
    rows.write_text("".join(f"{n}\t{n}{'7' * 8}\n" for n in range(20_000)))
    source.run(*T, f"CREATE TABLE {other}.big (id INT PRIMARY KEY, n BIGINT)")

    async with road.going():
        await road.settled()
        with (
            source.connect(source.database, local_infile=True) as client,
            client.cursor() as cursor,
        ):
            cursor.execute("SET SESSION binlog_format = 'STATEMENT'")
            cursor.execute(f"LOAD DATA LOCAL INFILE '{rows}' INTO TABLE {other}.big (id, n)")
        source.run("UPDATE t SET v = 8")
        await road.settled()

    assert [one["v"] for one in road.documents("t")] == [8, 8, 8]
