"""Definitions that were not understood once, and those that nobody could: the server is asked."""

from tests.migrator.conftest import RoadFactory
from tests.migrator.road import Source
from tests.migrator.twin import differences

Cases = dict[str, tuple[tuple[str, ...], str]]
"""The statements before the copy, and the one that is followed."""

T = ("CREATE TABLE t (id INT PRIMARY KEY, a INT)", "INSERT INTO t VALUES (1, 1), (2, 2)")
U = ("CREATE TABLE u (id INT PRIMARY KEY, `key` INT)", "INSERT INTO u VALUES (1, 1)")
P = (
    "CREATE TABLE p (id INT PRIMARY KEY, v INT) PARTITION BY RANGE (id) "
    "(PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20))",
    "INSERT INTO p VALUES (1, 1), (11, 11)",
)
V = ("CREATE TABLE v (id INT PRIMARY KEY, v INT)", "INSERT INTO v VALUES (5, 50)")
K = (
    "CREATE TABLE k (a INT, b INT, c INT, PRIMARY KEY (a, b))",
    "INSERT INTO k VALUES (1, 1, 1), (2, 1, 2)",
)
N = (
    "CREATE TABLE n (a INT NOT NULL, b INT, c INT, UNIQUE KEY ka (a), UNIQUE KEY kb (b))",
    "INSERT INTO n VALUES (1, 10, 1), (2, 20, 2)",
)

BOTH: Cases = {
    "a column named key": (T, "ALTER TABLE t ADD `key` INT DEFAULT 5"),
    "columns named like words of the grammar": (
        T,
        "ALTER TABLE t ADD `index` INT DEFAULT 7, ADD `check` CHAR(3) DEFAULT 'x', ADD `unique` "
        "INT DEFAULT 3, ADD `foreign` INT DEFAULT 3, ADD `constraint` INT DEFAULT 4, "
        "ADD `primary` INT DEFAULT 1, ADD `fulltext` INT DEFAULT 1, ADD `spatial` INT DEFAULT 2",
    ),
    "a word with a dollar": (T, "ALTER TABLE t ADD key$x INT DEFAULT 3"),
    "a column named vector": (T, "ALTER TABLE t ADD `vector` INT DEFAULT 3"),
    "a column named key is dropped": (U, "ALTER TABLE u DROP `key`"),
    "a column named key is renamed": (U, "ALTER TABLE u RENAME COLUMN `key` TO `index`"),
    "two tables exchange rows": ((*P, *V), "ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE v"),
    "a partition is emptied": (P, "ALTER TABLE p TRUNCATE PARTITION p0"),
    "partitions are removed": (P, "ALTER TABLE p REMOVE PARTITIONING"),
    "a name behind an equals sign": (T, "ALTER TABLE t RENAME = u2"),
    "a rename among other changes": (T, "ALTER TABLE t ADD x INT DEFAULT 1, RENAME TO u3"),
    "comments everywhere": (
        T,
        "/*My words*/ ALTER /* t */ TABLE /*!t*/ ADD -- x\n z INT /*! DEFAULT 3 */ # y\n",
    ),
    "a quote in a name": (T, "ALTER TABLE t ADD `a``b'c\"d` INT DEFAULT 3"),
    "the key's character set": (
        ("CREATE TABLE t (k CHAR(9) PRIMARY KEY) CHARSET utf8mb4", "INSERT INTO t VALUES ('a')"),
        "ALTER TABLE t CONVERT TO CHARACTER SET binary",
    ),
    "a compound key loses a column": (
        K,
        "ALTER TABLE k DROP b, DROP PRIMARY KEY, ADD PRIMARY KEY (a)",
    ),
    "a column of the key gets another name": (K, "ALTER TABLE k CHANGE b bb INT"),
    "the key by its attribute only": (
        T,
        "ALTER TABLE t DROP PRIMARY KEY, ADD new INT NOT NULL AUTO_INCREMENT KEY",
    ),
    "the key's column is made anew": (
        T,
        "ALTER TABLE t DROP PRIMARY KEY, DROP id, ADD id INT AUTO_INCREMENT PRIMARY KEY FIRST",
    ),
    "labels of the key in another order": (
        ("CREATE TABLE t (k ENUM('a', 'b') PRIMARY KEY, v INT)", "INSERT INTO t VALUES ('a', 1)"),
        "ALTER TABLE t MODIFY k ENUM('x', 'b', 'a')",
    ),
    "a unique index becomes nullable": (
        N,
        "ALTER TABLE n MODIFY a INT NULL, MODIFY b INT NOT NULL",
    ),
    "another unique index becomes the first": (
        N,
        "ALTER TABLE n MODIFY b INT NOT NULL, DROP INDEX ka, ADD UNIQUE KEY kz (a)",
    ),
    "a serial column": (N, "ALTER TABLE n ADD s SERIAL FIRST"),
    "a primary key is added": (N, "ALTER TABLE n ADD PRIMARY KEY (a, c)"),
    "a primary index by name": (
        T,
        "ALTER TABLE t DROP INDEX `PRIMARY`, ADD UNIQUE KEY (a), MODIFY a INT NOT NULL",
    ),
}
MYSQL: Cases = {
    "an engine that keeps nothing": (T, "ALTER TABLE t ENGINE = BLACKHOLE"),
    "an engine behind an option": (T, "ALTER TABLE t COMMENT = 'x' ENGINE = BLACKHOLE"),
    "they do so unchecked": (
        (*P, *V),
        "ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE v WITHOUT VALIDATION",
    ),
    "a computed key": (
        (
            "CREATE TABLE g (a INT, k INT AS (a * 2) STORED, PRIMARY KEY (k))",
            "INSERT INTO g (a) VALUES (1), (2)",
        ),
        "ALTER TABLE g MODIFY k INT AS (a * 3) STORED",
    ),
}
MARIADB: Cases = {
    "SET STATEMENT before ALTER": (
        T,
        "SET STATEMENT lock_wait_timeout=5 FOR ALTER TABLE t ADD COLUMN c INT DEFAULT 7",
    ),
    "SET STATEMENT before TRUNCATE": (
        T,
        "SET STATEMENT max_statement_time=50 FOR TRUNCATE TABLE t",
    ),
    "SET STATEMENT before RENAME": (
        T,
        "SET STATEMENT lock_wait_timeout=5 FOR RENAME TABLE t TO t_new",
    ),
    "quotes that SET STATEMENT gives another meaning": (
        T,
        "SET STATEMENT sql_mode='ANSI_QUOTES' FOR TRUNCATE TABLE t",
    ),
    "NOWAIT before the change": (T, "ALTER TABLE t NOWAIT ADD COLUMN c INT DEFAULT 7"),
    "WAIT before the change": (T, "ALTER TABLE t WAIT 5 DROP COLUMN a"),
    "RENAME with NOWAIT": (T, "RENAME TABLE t NOWAIT TO t_new"),
    "TRUNCATE with WAIT": (T, "TRUNCATE TABLE t WAIT 3"),
    "ALTER with NOWAIT and a name": (T, "ALTER TABLE t NOWAIT RENAME TO t_new"),
    "ALTER IGNORE deletes rows": (
        ("CREATE TABLE t (id INT PRIMARY KEY, a INT)", "INSERT INTO t VALUES (1,1),(2,1),(3,2)"),
        "ALTER IGNORE TABLE t ADD UNIQUE KEY (a)",
    ),
    "a partition becomes a table": (P, "ALTER TABLE p CONVERT PARTITION p0 TO TABLE n0"),
    "a table becomes a partition": (
        (*P, "CREATE TABLE w (id INT PRIMARY KEY, v INT)", "INSERT INTO w VALUES (25, 1)"),
        "ALTER TABLE p CONVERT TABLE w TO PARTITION p9 VALUES LESS THAN (30)",
    ),
    "a name that begins with a dot": (T, "ALTER TABLE .t ADD COLUMN z INT DEFAULT 3"),
    "a key over a whole text": (
        ("CREATE TABLE t (id INT PRIMARY KEY, b TEXT)", "INSERT INTO t VALUES (1, 'a')"),
        "ALTER TABLE t ADD UNIQUE KEY (b)",
    ),
}


async def test_the_target_is_what_the_source_is_after_each_definition(
    source: Source, make_road: RoadFactory
) -> None:
    cases = BOTH | (MARIADB if source.is_mariadb else MYSQL)

    found = await followed(source, make_road, cases)

    assert found == []


async def followed(source: Source, make_road: RoadFactory, cases: Cases) -> list[str]:
    """The differences that the cases leave, each in a database of its own."""
    databases = {name: f"{source.database}_{n}" for n, name in enumerate(cases)}
    for name, (tables, _) in cases.items():
        source.run(f"CREATE DATABASE {databases[name]}", f"USE {databases[name]}", *tables)
    road = make_road(databases=tuple(databases.values()))
    async with road.going():
        await road.settled()
        for name, (_, change) in cases.items():
            await source.change(f"USE {databases[name]}", change)
        await road.settled()
    found = await differences(road)
    titles = {database: name for name, database in databases.items()}
    return [f"{titles[line.partition('.')[0]]}: {line}" for line in found]
