"""The databases of a run: the seeded shop with two more tables, and stretches of the binlog."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.migrator.sizes import Sizes
from benchmarks.migrator.source import Place, Source
from benchmarks.server import FOLDER, BenchmarkError, clean_environment
from service.database.upgrade import upgrade

SHOP = "kooch_shop"
LOGGED = "kooch_logged"
SEED_TIMEOUT_S = 600
MULTI_ROW = "shop, multi-row events"
SINGLE_ROW = "shop, single-row transactions"
Progress = Callable[[str], None]

NARROW = "CREATE TABLE narrow (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)"
FILL_NARROW = "INSERT INTO narrow SELECT n, n * 7 % 1000003 FROM numbers WHERE n <= {rows}"

# Ten kinds of columns, six of each; the expressions make another value in each column.
KINDS = (
    ("INT NOT NULL", "n * {i} % 2000000011"),
    ("BIGINT", "IF(n % {i} = 1, NULL, n * 4000000007 + {i})"),
    ("DECIMAL(12,2) NOT NULL", "n * {i} % 900000000 / 100"),
    ("DOUBLE NOT NULL", "n / {i}"),
    ("DATETIME NOT NULL", "TIMESTAMPADD(MINUTE, n * {i} % 500000, '2025-01-01')"),
    ("DATE", "IF(n % {i} = 1, NULL, TIMESTAMPADD(DAY, n * {i} % 9000, '2001-01-01'))"),
    ("VARCHAR(40) NOT NULL", "CONCAT('text ', n * {i}, ' of column {i}')"),
    ("VARCHAR(200)", "IF(n % {i} = 1, NULL, REPEAT(CONCAT('سلام ', n % 89), 1 + n % 4))"),
    ("ENUM('new', 'used', 'gone') NOT NULL", "1 + (n + {i}) % 3"),
    ("TINYINT NOT NULL", "n * {i} % 100"),
)
WIDE_COLUMNS = 60

# Inside the server, because a client would spend minutes on the way.
WRITE_SINGLY = f"""
CREATE PROCEDURE write_singly(IN pairs INT)
BEGIN
  DECLARE i INT DEFAULT 0;
  WHILE i < pairs DO
    SET i = i + 1;
    INSERT INTO order_lines SELECT * FROM {SHOP}.order_lines WHERE id = i;
    UPDATE products SET stock = stock + 1 WHERE id = i;
  END WHILE;
END
"""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the binlog that holds all rows of `database`, and begins at `place`."""

    name: str
    database: str
    place: Place
    rows: int


def make_shop(source: Source, sizes: Sizes, progress: Progress) -> int:
    """Make and seed the shop with its two further tables; return how many rows there are."""
    source.run(f"CREATE DATABASE {SHOP} CHARACTER SET utf8mb4")
    url = f"{source.url}{SHOP}"
    asyncio.run(upgrade(url))
    with unflushed(source):
        progress(f"seeding {sizes.products:,} products and {sizes.orders:,} orders")
        _seed(url, sizes)
        progress("filling the narrow and the wide table")
        source.run(NARROW, wide_table(), database=SHOP)
        with numbers(source, SHOP, max(sizes.narrow, sizes.wide)):
            fill = (FILL_NARROW.format(rows=sizes.narrow), fill_wide(sizes.wide))
            source.run(*fill, database=SHOP)
    return sum(source.count(SHOP, table) for table in source.tables(SHOP))


def make_stretches(source: Source, sizes: Sizes, progress: Progress) -> list[Stretch]:
    """Write copies of the shop's rows, in multi-row events and in single-row transactions."""
    progress("writing the stretches of the binlog")
    shop = ("products", "orders", "order_lines")
    with unflushed(source):
        return [
            _copied(source, MULTI_ROW, "shop", sizes.logged, shop),
            _copied(source, "narrow, multi-row events", "narrow", sizes.logged_narrow, ("narrow",)),
            _copied(source, "60 columns, multi-row events", "wide", sizes.logged_wide, ("wide",)),
            _singly(source, sizes.single),
        ]


def wide_table() -> str:
    """The table with sixty columns and a key."""
    columns = (f"c{i} {KINDS[i % len(KINDS)][0]}" for i in range(1, WIDE_COLUMNS))
    return f"CREATE TABLE wide (id INT NOT NULL PRIMARY KEY, {', '.join(columns)})"


def fill_wide(rows: int) -> str:
    """The statement that fills it from `numbers`."""
    values = (KINDS[i % len(KINDS)][1].format(i=i + 1) for i in range(1, WIDE_COLUMNS))
    return f"INSERT INTO wide SELECT n, {', '.join(values)} FROM numbers WHERE n <= {rows}"


@contextmanager
def numbers(source: Source, database: str, count: int) -> Iterator[None]:
    """A table of the numbers 1 to `count`, for as long as the block runs."""
    series = f"WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count})"
    source.run(
        "CREATE TABLE numbers (n INT NOT NULL PRIMARY KEY)",
        f"SET SESSION cte_max_recursion_depth = {count}",
        f"INSERT INTO numbers {series} SELECT n FROM s",
        database=database,
    )
    try:
        yield
    finally:
        source.run("DROP TABLE numbers", database=database)


@contextmanager
def unflushed(source: Source) -> Iterator[None]:
    """Let commits be lost in a crash while data are prepared; nothing is measured meanwhile."""
    source.run("SET GLOBAL sync_binlog = 0", "SET GLOBAL innodb_flush_log_at_trx_commit = 2")
    try:
        yield
    finally:
        source.run("SET GLOBAL sync_binlog = 1", "SET GLOBAL innodb_flush_log_at_trx_commit = 1")


def _seed(url: str, sizes: Sizes) -> None:
    amounts = ("--products", str(sizes.products), "--orders", str(sizes.orders))
    done = subprocess.run(
        [sys.executable, "-m", "service", "seed", *amounts],
        env=clean_environment(DATABASE_URL=url, SERVICE_SECRET="x" * 64),
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=SEED_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        raise BenchmarkError(f"The shop was not seeded:\n{done.stderr[-2000:]}")


def _copied(source: Source, name: str, short: str, each: int, tables: Sequence[str]) -> Stretch:
    database = f"{LOGGED}_{short}"
    _make_like_the_shop(source, database, tables)
    place = source.new_file()
    for table in tables:
        copy = f"INSERT INTO {table} SELECT * FROM {SHOP}.{table} ORDER BY id LIMIT {each}"
        source.run(copy, database=database)
    rows = sum(source.count(database, table) for table in tables)
    source.new_file()
    return Stretch(name, database, place, rows)


def _singly(source: Source, transactions: int) -> Stretch:
    """Half of the transactions insert a line of an order, half update a product."""
    database, pairs = f"{LOGGED}_singly", transactions // 2
    _make_like_the_shop(source, database, ("products", "order_lines"))
    products = f"INSERT INTO products SELECT * FROM {SHOP}.products ORDER BY id LIMIT {pairs}"
    # These rows would otherwise count.
    source.run("SET sql_log_bin = 0", products, WRITE_SINGLY, database=database)
    place = source.new_file()
    source.run(f"CALL write_singly({pairs})", database=database)
    if source.count(database, "order_lines") != pairs:
        raise BenchmarkError(f"{pairs} lines were to be copied: the shop is too small.")
    source.new_file()
    return Stretch(SINGLE_ROW, database, place, 2 * pairs)


def _make_like_the_shop(source: Source, database: str, tables: Sequence[str]) -> None:
    source.run(
        f"CREATE DATABASE {database} CHARACTER SET utf8mb4",
        *(f"CREATE TABLE {database}.{table} LIKE {SHOP}.{table}" for table in tables),
    )
