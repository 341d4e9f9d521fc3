"""What a statement in the binlog says of the tables, and what it only may say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrator.model.table import TableName
from migrator.mysql.binlog.events import Query
from migrator.mysql.sql.alterations import Effect
from migrator.mysql.sql.statements import Kind, Statement, parse, parse_whole
from migrator.mysql.sql.tokens import ANSI_QUOTES, MSSQL, NO_BACKSLASH_ESCAPES
from migrator.mysql.text.charsets import COLLATIONS

T = TableName("shop", "t")


def parsed(text: str | bytes, sql_mode: int = 0, collation: int = 45) -> Statement:
    raw = text.encode() if isinstance(text, str) else text
    return parse(Query("shop", raw, sql_mode, collation, None, 0, 0))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("BEGIN", Kind.BEGIN),
        ("START TRANSACTION", Kind.BEGIN),
        ("COMMIT", Kind.COMMIT),
        ("ROLLBACK", Kind.ROLLBACK),
        ("ROLLBACK TO `before`", Kind.ROLLBACK_TO),
        ("ROLLBACK WORK TO SAVEPOINT x", Kind.ROLLBACK_TO),
        ("SAVEPOINT `before`", Kind.SAVEPOINT),
        ("RELEASE SAVEPOINT x", Kind.SAVEPOINT),
        ("XA START X'61',X'',1", Kind.XA_START),
        ("XA END X'61',X'',1", Kind.XA_END),
        ("XA COMMIT X'61',X'',1", Kind.XA_COMMIT),
        ("XA ROLLBACK X'61',X'',1", Kind.XA_ROLLBACK),
        ("GRANT ALL ON *.* TO somebody", Kind.NOTHING),
        ("DROP TEMPORARY TABLE t", Kind.NOTHING),
        ("CREATE DATABASE shop", Kind.NOTHING),
        ("ALTER DATABASE shop CHARACTER SET utf8mb4", Kind.NOTHING),
        ("CREATE DEFINER=`root`@`%` TRIGGER g AFTER INSERT ON t FOR EACH ROW SET @a = 1",
         Kind.CODE),
        ("CREATE OR REPLACE ALGORITHM=UNDEFINED DEFINER=CURRENT_USER() SQL SECURITY INVOKER "
         "VIEW v AS SELECT * FROM t", Kind.CODE),
        ("DROP PROCEDURE IF EXISTS p", Kind.CODE),
        ("ALTER EVENT e DISABLE", Kind.CODE),
        ("RENAME USER a TO b", Kind.CODE),
        ("ANALYZE NO_WRITE_TO_BINLOG TABLE t", Kind.NOTHING),
        ("OPTIMIZE TABLE t", Kind.NOTHING),
        ("SET PASSWORD FOR a = 'x'", Kind.NOTHING),
        ("FLUSH TABLES", Kind.NOTHING),
        ("", Kind.NOTHING),
        ("# only a comment", Kind.NOTHING),
        ("-- only a comment", Kind.NOTHING),
        ("INSERT INTO t VALUES (1)", Kind.ROWS),
        ("(SELECT f())", Kind.ROWS),
        ("WITH a AS (SELECT 1) UPDATE t SET v = 1", Kind.ROWS),
        ("ANALYZE FORMAT=JSON UPDATE t SET v = 1", Kind.ROWS),
        ("SET STATEMENT max_statement_time=20 FOR DELETE FROM t", Kind.ROWS),
        ("CALL p()", Kind.ROWS),
        ("DROP TABLE t", Kind.DEFINITION),
        ("DROP DATABASE shop", Kind.DEFINITION),
        ("CREATE OR REPLACE DATABASE shop", Kind.DEFINITION),
        ("/*!99999 GRANT */ DROP TABLE t", Kind.DEFINITION),
        ("DROP /*!80000 TEMPORARY */ TABLE t", Kind.DEFINITION),
        ("ALTER DATABASE `#mysql50#a-b` UPGRADE DATA DIRECTORY NAME", Kind.DEFINITION),
        ("REPAIR TABLE t", Kind.DEFINITION),
        ("A STATEMENT OF TOMORROW", Kind.DEFINITION),
        ("\x00\x01", Kind.DEFINITION),
    ],
)  # fmt: skip
def test_a_statement_has_one_kind(text: str, kind: Kind) -> None:
    assert parsed(text).kind is kind


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("TRUNCATE TABLE t", Effect.REPLACES),
        ("truncate `shop`.`t`", Effect.REPLACES),
        ("SET STATEMENT a = (SELECT 1), b = 2 FOR TRUNCATE t", Effect.REPLACES),
        ("CREATE TABLE t (a INT REFERENCES u (a))", Effect.REPLACES),
        ("CREATE OR REPLACE TABLE t LIKE u", Effect.REPLACES),
        ("CREATE TABLE IF NOT EXISTS t (a INT)", Effect.CREATES),
        ("CREATE UNIQUE INDEX i ON t (a)", Effect.INDEXES),
        ("CREATE OR REPLACE INDEX i ON t (a)", Effect.INDEXES),
        ("CREATE INDEX i ON t (a)", Effect.NOTHING),
        ("CREATE TEMPORARY TABLE t (a INT)", Effect.NOTHING),
        ("CREATE OR REPLACE TEMPORARY TABLE t (a INT)", Effect.NOTHING),
        ("DROP INDEX i ON t", Effect.INDEXES),
        ("ALTER TABLE t DROP KEY i, ADD UNIQUE KEY j (b)", Effect.INDEXES),
        ("ALTER TABLE t ADD CONSTRAINT `c` UNIQUE (b)", Effect.INDEXES),
        ("ALTER TABLE t ADD CONSTRAINT PRIMARY KEY (b)", Effect.INDEXES),
        ("ALTER TABLE t RENAME INDEX i TO j", Effect.INDEXES),
        ("ALTER TABLE t ALTER INDEX i INVISIBLE", Effect.INDEXES),
        ("ALTER TABLE t ADD COLUMN c INT DEFAULT 5", Effect.COLUMNS),
        ("ALTER ONLINE TABLE IF EXISTS t ADD c INT FIRST", Effect.COLUMNS),
        ("ALTER TABLE t ADD (a INT, b INT), ADD INDEX (a)", Effect.COLUMNS),
        ("ALTER TABLE t ADD `key` INT", Effect.COLUMNS),
        ("ALTER TABLE t ADD vector VECTOR(3)", Effect.COLUMNS),
        ("ALTER TABLE t DROP COLUMN `comment`", Effect.COLUMNS),
        ("ALTER TABLE t DROP `index`", Effect.COLUMNS),
        ("ALTER TABLE t RENAME COLUMN a TO b", Effect.COLUMNS),
        ("ALTER TABLE t CHANGE a b BIGINT, LOCK = NONE", Effect.COLUMNS),
        ("ALTER TABLE t MODIFY a VARCHAR(10) AFTER b", Effect.COLUMNS),
        ("ALTER TABLE t WAIT 5 DROP a", Effect.COLUMNS),
        ("ALTER TABLE t ADD INDEX i (a, b)", Effect.NOTHING),
        ("ALTER TABLE t ADD VECTOR INDEX i (v)", Effect.NOTHING),
        ("ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (a)", Effect.NOTHING),
        ("ALTER TABLE t DROP FOREIGN KEY f, DROP CHECK c", Effect.NOTHING),
        ("ALTER TABLE t COMMENT = 'x, y', AUTO_INCREMENT = 1000", Effect.NOTHING),
        ("ALTER TABLE t ENGINE = InnoDB", Effect.NOTHING),
        ("ALTER TABLE t DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_bin", Effect.NOTHING),
        ("ALTER TABLE t ALTER COLUMN a SET DEFAULT 1", Effect.NOTHING),
        ("/*!40000 ALTER TABLE t DISABLE KEYS */", Effect.NOTHING),
    ],
)
def test_some_definitions_are_known_to_concern_one_table(text: str, effect: Effect) -> None:
    statement = parsed(text)

    assert (statement.kind, statement.effect, statement.table) == (Kind.DEFINITION, effect, T)


@pytest.mark.parametrize(
    "change",
    [
        "DROP PARTITION p1",
        "TRUNCATE PARTITION p1",
        "EXCHANGE PARTITION p0 WITH TABLE u",
        "DISCARD TABLESPACE",
        "ADD SYSTEM VERSIONING",
        "ADD PERIOD FOR SYSTEM_TIME (a, b)",
        "CONVERT TO CHARACTER SET binary",
        "CONVERT PARTITION p0 TO TABLE n",
        "ENGINE = BLACKHOLE",
        "COMMENT = 'x' ENGINE BLACKHOLE",
        "AUTO_INCREMENT = 1 UNION = (a, b)",
        "RENAME u",
        "RENAME = u",
        "ADD a INT, RENAME TO u",
        "ALTER a TYPE INT",
        "COMMENT = 'x' WITH SYSTEM VERSIONING",
        "SOMETHING OF TOMORROW",
        "",
    ],
)
def test_of_all_others_nothing_is_known_but_the_names(change: str) -> None:
    statement = parsed(f"ALTER TABLE t {change}")

    assert (statement.effect, statement.table) == (Effect.ANYTHING, None)
    assert statement.mentions(T)


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("DROP TABLE t", True),
        ("DROP TABLE shop . t", True),
        ("DROP TABLE other.t", True),  # shop is the default database.
        ("DROP TABLE `t`", True),
        ("DROP TABLE T", False),
        ("DROP TABLE tt, `t `, 't'", False),
        ('DROP TABLE "t"', False),
        ("DROP TABLE u /* t */ -- t", False),
        ("DROP TABLE u /*!50000 , t */", True),
    ],
)
def test_a_table_is_mentioned_by_an_identifier(text: str, mentioned: bool) -> None:
    assert parsed(text).mentions(T) is mentioned


def test_a_table_of_another_database_is_mentioned_with_it() -> None:
    other = TableName("other", "t")

    assert parsed("DROP TABLE other.t").mentions(other)
    assert not parsed("DROP TABLE t").mentions(other)
    assert parsed("DROP DATABASE other").mentions_database("other")
    assert not parsed("DROP TABLE other").mentions_database("other")


def test_a_server_that_folds_names_mentions_them_in_any_letters() -> None:
    assert parsed("DROP TABLE T").mentions(T, str.lower)


def test_sql_mode_says_what_quotes_and_backslashes_are() -> None:
    text = "ALTER TABLE u COMMENT='c:\\', RENAME t, COMMENT='d:\\'"

    assert parsed('DROP TABLE "t"', ANSI_QUOTES).mentions(T)
    assert parsed(text, NO_BACKSLASH_ESCAPES).mentions(T)
    assert not parsed(text).mentions(T)
    assert parsed("DROP TABLE [t]", MSSQL).mentions(T)
    assert parsed("SET STATEMENT sql_mode='ANSI_QUOTES' FOR DROP TABLE \"t\"").mentions(T)


def test_a_name_is_read_as_its_client_wrote_it_and_as_the_server_may_have() -> None:
    latin1 = parsed(b"DROP TABLE `caf\xc3\xa9`", collation=8)

    assert latin1.mentions(TableName("shop", "cafÃ©"))
    assert latin1.mentions(TableName("shop", "café"))
    assert parsed(b"DROP TABLE \xc4\xbf", collation=28).mentions(TableName("shop", "目"))
    # A backtick that is half a character ends no name.
    assert parsed(b"DROP TABLE `\x83\x60`, t", collation=13).mentions(T)


def test_what_cannot_be_read_in_a_name_may_be_any_character() -> None:
    statement = parsed(b"DROP TABLE `a\xff\xfeb`")

    assert statement.mentions(TableName("shop", "axyb"))
    assert not statement.mentions(T)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("INSERT IGNORE INTO t VALUES (1)", T),
        ("REPLACE other.u SELECT 1", TableName("other", "u")),
        ("LOAD DATA LOCAL INFILE 'x' REPLACE INTO TABLE t (a, b)", T),
        ("UPDATE LOW_PRIORITY t SET a = 1", T),
        ("UPDATE t AS x SET a = 1", T),
        ("UPDATE t, u SET t.a = 1", None),
        ("UPDATE t JOIN u USING (id) SET t.a = 1", None),
        ("DELETE FROM t", T),
        ("DELETE QUICK FROM t WHERE a = 1", T),
        ("DELETE t FROM t JOIN u", None),
        ("DELETE FROM t USING t JOIN u", None),
        ("CALL p(1)", None),
    ],
)
def test_a_change_of_rows_names_the_table_that_it_is_for(
    text: str, written: TableName | None
) -> None:
    assert parsed(text).writes == written


@pytest.mark.parametrize(
    ("text", "selects"),
    [
        ("CREATE TABLE u AS SELECT f()", True),
        ("CREATE TEMPORARY TABLE u SELECT f()", True),
        ("CREATE TABLE u AS VALUES ROW(f())", True),
        ("CREATE TABLE u AS TABLE v", True),
        ("CREATE TABLE u (a INT) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN (1))", False),
        ("CREATE TABLE u LIKE t", False),
    ],
)
def test_a_definition_may_fill_its_table_with_what_it_selects(text: str, selects: bool) -> None:
    assert parsed(text).selects is selects


def test_a_large_change_of_rows_is_read_only_where_it_must_be() -> None:
    large = "INSERT INTO t VALUES " + ", ".join(["(f(), 'x')"] * 20_000)

    assert (parsed(large).kind, parsed(large).writes) == (Kind.ROWS, None)
    assert parse_whole(Query("shop", large.encode(), 0, 45, None, 0, 0)).writes == T


@given(
    raw=st.binary(max_size=80) | st.text(max_size=60).map(str.encode),
    mode=st.sampled_from([0, ANSI_QUOTES, NO_BACKSLASH_ESCAPES, MSSQL, ANSI_QUOTES | MSSQL]),
    collation=st.sampled_from([ids[0] for ids in COLLATIONS.values()] + [9_999]),
)
def test_no_bytes_raise_anything(raw: bytes, mode: int, collation: int) -> None:
    for start in b"", b"ALTER TABLE t ", b"DROP ", b"INSERT INTO ", b"SET STATEMENT ", b"CREATE ":
        parsed(start + raw, mode, collation)


@given(st.text(st.characters(exclude_characters="`\0", codec="utf-8"), min_size=1, max_size=12))
def test_a_quoted_name_is_always_found(name: str) -> None:
    assert parsed(f"FROB `{name}` WITH 'it'").mentions(TableName("shop", name))
