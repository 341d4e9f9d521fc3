"""Random definitions, from the grammars of both servers."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from tests.migrator.machine.columns import (
    NAMES,
    TABLES,
    create_table,
    definition,
    kind,
    quoted,
)


@dataclass(frozen=True, slots=True)
class Shape:
    """A table as it is now: its columns with their types, and its indexes."""

    name: str
    columns: tuple[tuple[str, str], ...]
    indexes: tuple[str, ...]


Tables = Sequence[Shape]
Make = Callable[[Random, Shape, Tables], str]


def _column(random: Random, shape: Shape) -> str:
    return quoted(random.choice(shape.columns)[0])


def _columns(random: Random, shape: Shape) -> str:
    some = random.sample(shape.columns, random.randint(1, min(2, len(shape.columns))))
    return ", ".join(
        quoted(name) + ("(7)" if "text" in kind or "blob" in kind else "") for name, kind in some
    )


def _index(random: Random, shape: Shape) -> str:
    return quoted(random.choice(shape.indexes or ("none",)))


def _new(random: Random) -> str:
    return quoted(random.choice(NAMES))


def _place(random: Random, shape: Shape) -> str:
    return random.choice(("", "", " FIRST", f" AFTER {_column(random, shape)}"))


def _add(random: Random, shape: Shape) -> str:
    word = random.choice(("ADD ", "ADD COLUMN "))
    return word + definition(random, random.choice(NAMES)) + _place(random, shape)


COMMENTS = ("'it''s'", "'a, b'", "''", "'RENAME TO x'")
SPECIFICATIONS: tuple[Callable[[Random, Shape], str], ...] = (
    _add,
    _add,
    lambda r, s: f"ADD ({definition(r, r.choice(NAMES))}, {definition(r, r.choice(NAMES))})",
    lambda r, s: f"DROP {r.choice(('', 'COLUMN '))}{_column(r, s)}",
    lambda r, s: f"MODIFY {_column(r, s)} {kind(r)}{_place(r, s)}",
    lambda r, s: f"MODIFY {_column(r, s)} {kind(r, for_key=True).removesuffix(' NULL')} NOT NULL",
    lambda r, s: f"CHANGE {_column(r, s)} {definition(r, r.choice(NAMES))}{_place(r, s)}",
    lambda r, s: f"RENAME COLUMN {_column(r, s)} TO {_new(r)}",
    lambda r, s: f"ADD {r.choice(('INDEX', 'KEY', 'UNIQUE', 'UNIQUE KEY'))} ({_columns(r, s)})",
    lambda r, s: f"ADD CONSTRAINT {_new(r)} UNIQUE ({_columns(r, s)})",
    lambda r, s: f"DROP {r.choice(('INDEX', 'KEY'))} {_index(r, s)}",
    lambda r, s: f"RENAME {r.choice(('INDEX', 'KEY'))} {_index(r, s)} TO {_new(r)}",
    lambda r, s: f"DROP PRIMARY KEY, ADD PRIMARY KEY ({_columns(r, s)})",
    lambda r, s: f"ADD PRIMARY KEY ({_columns(r, s)})",
    lambda r, s: "ADD serial SERIAL",
    lambda r, s: f"COMMENT = {r.choice(COMMENTS)}",
    lambda r, s: "ENGINE = InnoDB",
    lambda r, s: f"CONVERT TO CHARACTER SET {r.choice(('utf8mb4', 'latin1', 'binary', 'utf16'))}",
    lambda r, s: "DEFAULT CHARSET latin1",
    lambda r, s: f"ALTER COLUMN {_column(r, s)} DROP DEFAULT",
    lambda r, s: f"ORDER BY {_column(r, s)}",
    lambda r, s: "FORCE",
)
PARTITIONS = (
    "PARTITION BY KEY () PARTITIONS 3",
    "TRUNCATE PARTITION p0",
    "REMOVE PARTITIONING",
    "COALESCE PARTITION 1",
    "ADD PARTITION PARTITIONS 1",
)


def _alter(random: Random, shape: Shape, _: Tables) -> str:
    count = random.choice((1, 1, 1, 2, 3))
    changes = ", ".join(random.choice(SPECIFICATIONS)(random, shape) for _ in range(count))
    if random.random() < 0.1:
        changes = random.choice(PARTITIONS)
    return f"ALTER TABLE {quoted(shape.name)} {changes}"


def _swap(random: Random, shape: Shape, tables: Tables) -> str:
    other = quoted(random.choice(tables).name)
    one = quoted(shape.name)
    return f"RENAME TABLE {one} TO `swapped`, {other} TO {one}, `swapped` TO {other}"


MAKERS: tuple[tuple[Make, int], ...] = (
    (_alter, 24),
    (lambda r, s, _: f"TRUNCATE {r.choice(('', 'TABLE '))}{quoted(s.name)}", 2),
    (lambda r, s, _: f"DROP TABLE {r.choice(('', 'IF EXISTS '))}{quoted(s.name)}", 2),
    (lambda r, s, _: create_table(r, r.choice(TABLES)), 5),
    (lambda r, s, _: create_table(r, r.choice(TABLES), "CREATE TABLE IF NOT EXISTS"), 1),
    (lambda r, s, _: f"CREATE TABLE {quoted(r.choice(TABLES))} LIKE {quoted(s.name)}", 2),
    (
        lambda r, s, _: (
            f"CREATE TABLE {quoted(r.choice(TABLES))} AS SELECT * FROM {quoted(s.name)}"
        ),
        1,
    ),
    (lambda r, s, _: f"RENAME TABLE {quoted(s.name)} TO {quoted(r.choice(TABLES))}", 2),
    (
        lambda r, s, _: (
            f"ALTER TABLE {quoted(s.name)} RENAME {r.choice(('', 'TO ', 'AS ', '= '))}"
            f"{quoted(r.choice(TABLES))}"
        ),
        2,
    ),
    (_swap, 2),
    (lambda r, s, _: f"CREATE UNIQUE INDEX {_new(r)} ON {quoted(s.name)} ({_columns(r, s)})", 2),
    (lambda r, s, _: f"DROP INDEX {_index(r, s)} ON {quoted(s.name)}", 1),
    (lambda r, s, _: f"CREATE OR REPLACE VIEW `a view` AS SELECT * FROM {quoted(s.name)}", 1),
    (
        lambda r, s, _: (
            f"CREATE TRIGGER g BEFORE DELETE ON {quoted(s.name)} FOR EACH ROW SET @a = 1"
        ),
        1,
    ),
    (
        lambda r, s, t: (
            f"ALTER TABLE {quoted(s.name)} EXCHANGE PARTITION p0 WITH TABLE "
            f"{quoted(r.choice(t).name)}"
        ),
        1,
    ),
)
NOISE = (" ", " ", " ", "  ", "\n", "\t", " /* x */ ", " /*t*/ ", " # y\n", " -- z\n", "/**/")


def random_definition(random: Random, tables: Tables, *, mariadb: bool) -> str:
    """A statement that may or may not be one that the server takes."""
    makers, weights = zip(*MAKERS, strict=True)
    statement = random.choices(makers, weights)[0](random, random.choice(tables), tables)
    if mariadb:
        statement = _of_mariadb(random, statement)
    return _noisy(random, statement)


def _of_mariadb(random: Random, statement: str) -> str:
    match = re.match(
        r"(ALTER TABLE `(?:[^`]|``)*`|RENAME TABLE `(?:[^`]|``)*`) (.*)", statement, re.S
    )
    if match and random.random() < 0.15:
        statement = f"{match[1]} {random.choice(('NOWAIT', 'WAIT 3'))} {match[2]}"
    if statement.startswith("ALTER TABLE") and random.random() < 0.1:
        statement = statement.replace(
            "ALTER TABLE", random.choice(("ALTER IGNORE TABLE", "ALTER ONLINE TABLE")), 1
        )
    if statement.startswith("CREATE TABLE `") and random.random() < 0.3:
        statement = statement.replace("CREATE TABLE", "CREATE OR REPLACE TABLE", 1)
    if random.random() < 0.1:
        statement = f"SET STATEMENT lock_wait_timeout=5 FOR {statement}"
    return statement


def _noisy(random: Random, statement: str) -> str:
    """Comments and blanks between words, outside quotes."""
    pieces = re.findall(r"`(?:[^`]|``)*`|'(?:[^'])*'|\"[^\"]*\"|[^ `'\"]+| ", statement)
    if random.random() < 0.7:
        return statement
    return "".join(random.choice(NOISE) if piece == " " else piece for piece in pieces)
