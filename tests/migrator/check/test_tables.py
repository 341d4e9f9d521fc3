"""What is found about single tables."""

from migrator.check.findings import Level
from tests.migrator.check.scene import Source, troubles


async def test_a_table_without_a_usable_key_is_refused_by_name(source: Source) -> None:
    await source.make(
        "CREATE TABLE loose (a INT)",
        "CREATE TABLE nullable (a INT, UNIQUE (a))",
        "CREATE TABLE wobbly (a DOUBLE PRIMARY KEY)",
        "CREATE TABLE precise (a DATETIME(6) PRIMARY KEY)",
        "CREATE TABLE keyed (a INT NOT NULL, UNIQUE (a))",
    )

    for name in "loose", "nullable":
        ((level, what),) = await source.about(name)
        assert level is Level.FAIL
        assert what.startswith("It has neither a primary key nor a unique key")
    assert await source.about("wobbly") == [
        (
            Level.FAIL,
            "a, a part of its key, is a floating-point number: it cannot be compared exactly.",
        )
    ]
    assert await source.about("precise") == [
        (Level.WARN, "a has microseconds, and a BSON date milliseconds: the rest is cut off.")
    ]
    assert await source.about("precise", microseconds="string") == []
    assert await source.about("keyed") == []
    assert await source.about("loose", exclude=("*.loose",)) == []


async def test_what_looks_different_in_mongodb_is_told(source: Source) -> None:
    await source.make(
        "CREATE TABLE odd (id INT PRIMARY KEY, at TIMESTAMP(6) NULL, wide DECIMAL(40, 2), "
        "`$set` INT, `_id` INT)",
        "CREATE TABLE old (id INT PRIMARY KEY) ENGINE = MyISAM",
        "CREATE TABLE named (_id INT PRIMARY KEY)",
        "CREATE TABLE part (_id INT, b INT, PRIMARY KEY (b, _id))",
        "CREATE TABLE twice (id INT PRIMARY KEY, `$a` INT, `＄a` INT)",
        "CREATE TABLE folded (name VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY)",
    )

    assert await source.about("odd") == [
        (Level.FAIL, "Its column _id is not the key, and MongoDB keeps that name for the key."),
        (
            Level.WARN,
            "at has microseconds, and a BSON date milliseconds: the rest is cut off.",
        ),
        (Level.WARN, "wide has 40 digits, Decimal128 only 34: it becomes a string."),
        (Level.OK, "$set becomes ＄set: MongoDB reads $ as an operator."),
    ]
    assert await source.about("old") == [
        (Level.WARN, "MyISAM has no transactions: the log may show changes that were lost.")
    ]
    assert await source.about("named") == []
    assert await source.about("part") == []
    assert (Level.FAIL, "Two columns would have the same name: a leading $ becomes ＄.") in (
        await source.about("twice")
    )
    ((level, what),) = await source.about("folded")
    assert level is Level.OK
    assert what.startswith("name, a part of its key, is compared by utf8mb4_general_ci")


async def test_views_are_left_out_and_what_is_no_plain_table_is_refused(source: Source) -> None:
    await source.make("CREATE TABLE t (id INT PRIMARY KEY)", "CREATE VIEW v AS SELECT id FROM t")
    if source.connection.server.is_mariadb:
        await source.make(
            "CREATE SEQUENCE s", "CREATE TABLE h (id INT PRIMARY KEY) WITH SYSTEM VERSIONING"
        )

    assert await source.about("v") == [(Level.OK, "is a view, and is left out.")]
    if source.connection.server.is_mariadb:
        assert await source.about("s") == [
            (Level.FAIL, "It is a table of the kind SEQUENCE, which cannot be migrated.")
        ]
        assert await source.about("h") == [
            (Level.FAIL, "It is a table of the kind SYSTEM VERSIONED, which cannot be migrated.")
        ]


async def test_a_selection_without_tables_is_refused(source: Source) -> None:
    assert troubles(await source.findings()) == [(Level.WARN, "Selection")]
    assert troubles(await source.findings(databases=("nowhere",))) == [
        (Level.FAIL, "Database nowhere")
    ]
    assert troubles(await source.findings(databases=(), include=("nowhere.*",))) == [
        (Level.FAIL, "include")
    ]


async def test_two_tables_cannot_share_a_collection(source: Source) -> None:
    other = f"{source.database}_b"
    await source.make(
        "CREATE TABLE t (id INT PRIMARY KEY)",
        f"CREATE DATABASE {other}",
        f"CREATE TABLE {other}.t (id INT PRIMARY KEY)",
    )

    mapping = {source.database: "One", other: "one"}
    findings = await source.findings(databases=(source.database, other), mapping=mapping)
    await source.connection.query(f"DROP DATABASE {other}")

    assert troubles(findings) == [(Level.FAIL, "one.t")]
