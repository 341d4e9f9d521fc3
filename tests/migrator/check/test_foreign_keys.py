"""What the check says of foreign keys whose actions the log hides."""

from dataclasses import replace

import pytest

from migrator.check.findings import Level
from migrator.check.source_checks import read_variables
from migrator.check.table_checks import table_findings
from migrator.model.scope import Scope
from migrator.mysql.catalog.tables import read_tables
from migrator.settings import Settings
from tests.migrator.check.scene import Altered, Source

HANDLED = (
    "Its foreign key tied changes rows when parent changes (ON UPDATE NO ACTION, ON DELETE "
    "CASCADE), and the binary log does not show these changes. "
)


@pytest.mark.parametrize(
    ("column", "level", "how"),
    [
        ("INT", Level.OK, "The migrator carries them out on the documents, in their order."),
        (
            "VARBINARY(9)",
            Level.OK,
            "The migrator carries them out on the documents, in their order.",
        ),
        (
            "VARCHAR(9) COLLATE utf8mb4_general_ci",
            Level.OK,
            "The migrator carries them out on the documents, in their order. Where a row spells "
            "the value in another way that its collation treats as equal, it is read again, and "
            "right some seconds later.",
        ),
        (
            "DATETIME(6)",
            Level.OK,
            "A document does not have all digits of the value, so the rows that may refer to it "
            "are read again, and right some seconds later.",
        ),
    ],
)
@pytest.mark.parametrize("source", ["mariadb"], indirect=True)
async def test_the_check_says_how_actions_are_followed(
    source: Source, column: str, level: Level, how: str
) -> None:
    await source.make(
        f"CREATE TABLE parent (id {column} PRIMARY KEY)",
        f"CREATE TABLE child (id INT PRIMARY KEY, parent {column}, CONSTRAINT tied FOREIGN KEY "
        "(parent) REFERENCES parent (id) ON DELETE CASCADE)",
        f"CREATE TABLE strict (id INT PRIMARY KEY, parent {column}, FOREIGN KEY (parent) "
        "REFERENCES parent (id) ON DELETE RESTRICT)",
    )

    found = [one for one in await source.about("child") if "foreign key" in one[1]]

    assert found == [(level, HANDLED + how)]
    assert not any("foreign key" in what for _, what in await source.about("strict"))


@pytest.mark.parametrize("source", ["mariadb"], indirect=True)
async def test_a_table_that_hides_actions_from_others_is_a_warning(source: Source) -> None:
    await source.make(
        "CREATE TABLE a (id INT PRIMARY KEY)",
        "CREATE TABLE b (id INT PRIMARY KEY, CONSTRAINT one FOREIGN KEY (id) REFERENCES a (id) "
        "ON DELETE CASCADE)",
        "CREATE TABLE c (id INT PRIMARY KEY, CONSTRAINT two FOREIGN KEY (id) REFERENCES b (id) "
        "ON DELETE CASCADE)",
    )

    found = await source.findings(exclude=(f"{source.database}.b",))

    (finding,) = [one for one in found if one.level is Level.WARN]
    assert finding.what == (
        "It is not migrated. Its foreign key one may change its rows, and through these rows of "
        f"{source.database}.c: the binary log shows neither, and capture will stop when that "
        "happens."
    )
    assert finding.fix == "migrate it, too."


@pytest.mark.parametrize("source", ["mysql"], indirect=True)
@pytest.mark.parametrize(
    ("version", "native", "lines"),
    [((8, 4, 0), "OFF", 1), ((9, 5, 0), "OFF", 1), ((9, 6, 0), "OFF", 0), ((9, 6, 0), "ON", 1)],
)
async def test_whether_the_log_hides_them_depends_on_version_and_setting(
    source: Source, version: tuple[int, ...], native: str, lines: int
) -> None:
    await source.make(
        "CREATE TABLE a (id INT PRIMARY KEY)",
        "CREATE TABLE b (id INT PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES a (id) "
        "ON DELETE SET NULL)",
    )
    altered = Altered(source.connection, innodb_native_foreign_keys=native)
    altered.server = replace(altered.server, version_tuple=version)
    scope = Scope((source.database,))
    variables = await read_variables(altered)
    tables = await read_tables(altered, scope)

    found = await table_findings(altered, variables, scope, tables, Settings())

    assert len([one for one in found if "Its foreign key" in one.what]) == lines
