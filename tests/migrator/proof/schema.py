"""The tables of the workload: one for each thing that is difficult to carry over."""

from dataclasses import dataclass
from random import Random
from typing import Any

from tests.migrator.proof import values
from tests.migrator.proof.source import Client, Source
from tests.migrator.proof.values import Value

ACCOUNTS = 40
OPENING_BALANCE = 1000
TOTAL = ACCOUNTS * OPENING_BALANCE
ORDERS = 60
SWAPS = 12
INITIAL_ROWS = 60


@dataclass(frozen=True, slots=True)
class Column:
    """A column; without `value` the server fills it in."""

    name: str
    type: str
    value: Value | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table that the generic operations may write to; its keys come from few values.

    `key` is the primary key, or with `unique` a NOT NULL unique key instead of it.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    unique: bool = False

    @property
    def written(self) -> tuple[Column, ...]:
        """The columns that a client fills in."""
        return tuple(column for column in self.columns if column.value is not None)

    def row(self, random: Random) -> dict[str, Any]:
        """A random row."""
        return {column.name: column.value(random) for column in self.columns if column.value}

    def statement(self) -> str:
        """The table's definition."""
        columns = ", ".join(f"`{column.name}` {column.type}" for column in self.columns)
        key = ", ".join(f"`{name}`" for name in self.key)
        return f"CREATE TABLE `{self.name}` ({columns}, {self._kind} ({key})) ENGINE=InnoDB"

    @property
    def _kind(self) -> str:
        return "UNIQUE KEY" if self.unique else "PRIMARY KEY"


def tables(*, mariadb: bool) -> tuple[Table, ...]:
    """The tables of the generic operations."""
    caseless = "utf8mb4_general_ci" if mariadb else "utf8mb4_0900_ai_ci"
    return (
        Table("products", _products(), ("id",)),
        # The key's order is not the columns' order.
        Table(
            "placements",
            (
                Column("note", "VARCHAR(60)", values.maybe(values.text(40))),
                Column("line", "SMALLINT NOT NULL", values.below(6)),
                Column("shelf", "VARCHAR(10) NOT NULL", values.one_of("A", "B", "b", "Ç")),
                Column("place", "INT NOT NULL", values.below(20)),
            ),
            ("place", "shelf", "line"),
        ),
        Table(
            "words",
            (
                Column("word", f"VARCHAR(40) COLLATE {caseless} NOT NULL", values.word),
                Column("seen", "INT UNSIGNED NOT NULL", values.integers(0, 2**32 - 1)),
            ),
            ("word",),
        ),
        Table(
            "coupons",
            (
                Column("percent", "TINYINT", values.integers(-128, 127)),
                Column("code", "CHAR(10) NOT NULL", values.code),
                Column("label", "TEXT", values.maybe(values.text(90))),
            ),
            ("code",),
            unique=True,
        ),
        _of_key("by_day", "DATE NOT NULL", values.days(90)),
        _of_key("by_amount", "DECIMAL(12,3) NOT NULL", values.one_of(*_amounts())),
        _of_key("by_huge", "BIGINT UNSIGNED NOT NULL", values.huge),
        _of_key("by_bytes", "BINARY(16) NOT NULL", values.sixteen_bytes),
        Table("kinds", _kinds(), ("id",)),
        Table("moments", _moments(), ("id",)),
        Table("payloads", _payloads(), ("id",)),
        Table("computed", _computed(), ("id",)),
    )


def _of_key(name: str, kind: str, value: Value) -> Table:
    note = Column("note", "VARCHAR(40)", values.maybe(values.text(20)))
    return Table(name, (Column("id", kind, value), note), ("id",))


def _amounts() -> list[str]:
    return [f"{number / 8:.3f}" for number in range(-40, 40)]


def _id(count: int = 100) -> Column:
    return Column("id", "INT NOT NULL", values.below(count))


def _products() -> tuple[Column, ...]:
    return (
        Column("id", "BIGINT UNSIGNED NOT NULL AUTO_INCREMENT", values.below(150)),
        Column("sku", "VARCHAR(40) NOT NULL", values.text(20)),
        Column("name", "VARCHAR(200)", values.maybe(values.text(80))),
        Column("description", "TEXT", values.maybe(values.text(400))),
        Column("price", "DECIMAL(12,2) NOT NULL", values.decimals(12, 2)),
        Column("precise", "DECIMAL(34,10)", values.maybe(values.decimals(34, 10))),
        Column("stock", "INT NOT NULL", values.integers(-(2**31), 2**31 - 1)),
        Column("tiny", "TINYINT UNSIGNED", values.maybe(values.integers(0, 255))),
        Column("small", "SMALLINT", values.maybe(values.integers(-(2**15), 2**15 - 1))),
        Column("medium", "MEDIUMINT UNSIGNED", values.maybe(values.integers(0, 2**24 - 1))),
        Column("big", "BIGINT", values.maybe(values.integers(-(2**63), 2**63 - 1))),
        Column("unsigned_big", "BIGINT UNSIGNED", values.maybe(values.integers(0, 2**64 - 1))),
        Column("ratio", "DOUBLE", values.maybe(values.doubles)),
        Column("weight", "FLOAT", values.maybe(values.floats)),
        Column("latin", "VARCHAR(40) CHARACTER SET latin1", values.maybe(values.ascii_text(40))),
        Column("fixed", "CHAR(12)", values.maybe(values.ascii_text(12))),
        Column("created_at", "DATETIME(3) NOT NULL", values.moments(3)),
        Column("changed_at", "TIMESTAMP NULL", values.maybe(values.moments(0))),
        Column("attributes", "JSON", values.maybe(values.documents)),
        Column("is_active", "BOOLEAN NOT NULL", values.integers(0, 1)),
    )


def _kinds() -> tuple[Column, ...]:
    states = ("new", "in transit", "délivré", "😀")
    flags = ("red", "green", "blue", "ultra violet")
    quoted = {name: ", ".join(f"'{label}'" for label in name) for name in (states, flags)}
    return (
        _id(),
        Column("state", f"ENUM({quoted[states]})", values.maybe(values.one_of(*states))),
        Column("flags", f"SET({quoted[flags]})", values.maybe(values.some_of(*flags))),
        Column("bits", "BIT(17)", values.maybe(values.integers(0, 2**17 - 1))),
        Column("bit", "BIT(1)", values.maybe(values.integers(0, 1))),
        Column("year", "YEAR", values.maybe(values.integers(1901, 2155))),
    )


def _moments() -> tuple[Column, ...]:
    return (
        _id(),
        Column("day", "DATE", values.maybe(values.days(9000))),
        Column("span", "TIME", values.maybe(values.times)),
        Column("plain", "DATETIME", values.maybe(values.moments(0))),
        Column("milli", "DATETIME(3)", values.maybe(values.moments(3))),
        Column("stamp", "TIMESTAMP(3) NULL", values.maybe(values.moments(3))),
    )


def _payloads() -> tuple[Column, ...]:
    return (
        _id(60),
        Column("thumbnail", "VARBINARY(300)", values.maybe(values.raw(300))),
        Column("picture", "BLOB", values.maybe(values.raw(20_000))),
        Column("film", "MEDIUMBLOB", values.maybe(values.raw(90_000))),
        Column("story", "MEDIUMTEXT", values.maybe(values.text(3000))),
    )


def _computed() -> tuple[Column, ...]:
    return (
        _id(),
        Column("net", "INT NOT NULL", values.integers(-1000, 1000)),
        Column("stored", "INT AS (net * 2) STORED"),
        Column("virtual", "INT AS (net + 1) VIRTUAL"),
        Column("unseen", "INT DEFAULT 5 INVISIBLE"),
    )


def special_statements() -> tuple[str, ...]:
    """The tables of the special operations; the lines of an order go and move with it."""
    return (
        "CREATE TABLE accounts (id INT PRIMARY KEY, balance BIGINT NOT NULL, "
        "version INT NOT NULL DEFAULT 0)",
        "CREATE TABLE orders (id INT PRIMARY KEY, total INT NOT NULL, note VARCHAR(40))",
        "CREATE TABLE order_lines (order_id INT NOT NULL, position INT NOT NULL, "
        "quantity INT NOT NULL, PRIMARY KEY (order_id, position), "
        "FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE ON UPDATE CASCADE)",
        "CREATE TABLE swaps (id INT PRIMARY KEY, name VARCHAR(20), rank_no INT NOT NULL, "
        "UNIQUE KEY (rank_no))",
        "CREATE TABLE masses (id INT PRIMARY KEY, round INT NOT NULL, pad VARCHAR(40) NOT NULL)",
        "CREATE TABLE scratch (id INT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(40))",
        "CREATE TABLE shifting (id INT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(60))",
        "CREATE TABLE empty_table (id INT PRIMARY KEY)",
        # Not migrated rows, but what the mass operations multiply with itself.
        "CREATE TABLE digits (id INT PRIMARY KEY)",
    )


def build(source: Source, seed: int, rows: int = INITIAL_ROWS) -> None:
    """Create the database with all tables, and fill them."""
    source.create()
    mariadb = source.is_mariadb
    statements = special_statements()
    all_tables = tables(mariadb=mariadb)
    source.execute(*statements, *(table.statement() for table in all_tables))
    random = Random(seed)
    with source.client() as client:
        _fill_special(client)
        for table in all_tables:
            for _ in range(rows):
                put(client, table, table.row(random), "REPLACE")


def put(client: Client, table: Table, row: dict[str, Any], verb: str = "INSERT") -> None:
    """Write a row by INSERT or REPLACE."""
    columns = ", ".join(f"`{name}`" for name in row)
    marks = ", ".join("%s" for _ in row)
    with client.cursor() as cursor:
        cursor.execute(f"{verb} INTO `{table.name}` ({columns}) VALUES ({marks})", [*row.values()])


def _fill_special(client: Client) -> None:
    with client.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO accounts (id, balance) VALUES (%s, %s)",
            [(number, OPENING_BALANCE) for number in range(1, ACCOUNTS + 1)],
        )
        cursor.executemany(
            "INSERT INTO swaps VALUES (%s, %s, %s)",
            [(number, f"swap {number}", number) for number in range(1, SWAPS + 1)],
        )
        cursor.executemany("INSERT INTO digits VALUES (%s)", [(digit,) for digit in range(10)])
