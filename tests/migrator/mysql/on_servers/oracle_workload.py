"""Seeded transactions over every type that mysqlbinlog prints without loss."""

from collections.abc import Iterator
from random import Random

from migrator.mysql.wire.connection import Connection
from tests.migrator.mysql.on_servers.oracle_columns import KINDS, Kind

ROUNDS = 80

TABLES: dict[str, dict[str, Kind]] = {
    "one_key": {"id": KINDS["bigint_u"], **KINDS},
    "two_keys": {
        "first": KINDS["mediumint_u"],
        "second": KINDS["text_0"],
        "third": KINDS["int_"],
    },
}
KEYS = {"one_key": ("id",), "two_keys": ("second", "first")}


async def make_tables(connection: Connection) -> None:
    """The tables, with their columns in the order of `TABLES`."""
    for table, kinds in TABLES.items():
        columns = ", ".join(f"{name} {kind.declaration}" for name, kind in kinds.items())
        key = ", ".join(KEYS[table])
        await connection.query(f"CREATE TABLE {table} ({columns}, PRIMARY KEY ({key}))")


async def run(connection: Connection, random: Random) -> None:
    """Transactions of one to five statements; one in three is compressed, some are tagged."""
    for _ in range(ROUNDS):
        compression = random.choice(("ON", "OFF", "OFF"))
        tag = random.choice((":kooch", "", "", ""))
        await connection.query(f"SET binlog_transaction_compression = {compression}")
        await connection.query(f"SET gtid_next = 'AUTOMATIC{tag}'")
        await connection.query("BEGIN")
        for _ in range(random.randint(1, 5)):
            await _statement(connection, random)
        await connection.query(random.choice(("ROLLBACK", *["COMMIT"] * 7)))
    await connection.query("SET binlog_transaction_compression = OFF, gtid_next = 'AUTOMATIC'")


async def _statement(connection: Connection, random: Random) -> None:
    table = random.choice(tuple(TABLES))
    make = random.choice((_replace, _replace, _update, _update, _move, _delete))
    await connection.query(make(table, random))


def _replace(table: str, random: Random) -> str:
    """An insert of rows; one with a key that is there changes the row."""
    # Sixty wide rows are more than one event holds.
    count = random.choice((1, 2, 5, 60 if random.random() < 0.2 else 3))
    rows = [f"({', '.join(_row(table, random))})" for _ in range(count)]
    return f"REPLACE INTO {table} VALUES {', '.join(rows)}"


def _row(table: str, random: Random) -> Iterator[str]:
    # The NULLs lie in few ways, for which the reader writes programs of their own.
    pattern = random.randrange(4)
    for place, name in enumerate(TABLES[table]):
        is_null = place % 3 == pattern and name not in KEYS[table]
        yield "NULL" if is_null else _literal(table, name, random)


def _update(table: str, random: Random) -> str:
    rest = [name for name in TABLES[table] if name not in KEYS[table]]
    names = random.sample(rest, random.randint(1, len(rest)))
    null = random.choice((None, None, *names))
    changes = ", ".join(
        f"{name} = {'NULL' if name == null else _literal(table, name, random)}" for name in names
    )
    return f"UPDATE {table} SET {changes} WHERE {_some(table, random)}"


def _move(table: str, random: Random) -> str:
    """A change of a key."""
    name = random.choice(KEYS[table])
    value = _literal(table, name, random)
    return f"UPDATE IGNORE {table} SET {name} = {value} WHERE {_some(table, random)}"


def _delete(table: str, random: Random) -> str:
    return f"DELETE FROM {table} WHERE {_some(table, random)}"


def _some(table: str, random: Random) -> str:
    key = KEYS[table][0]
    return f"CRC32({key}) > {random.getrandbits(32)} ORDER BY {key} LIMIT {random.randint(1, 4)}"


def _literal(table: str, name: str, random: Random) -> str:
    """A value of the column in SQL; texts as digits, so that nothing in them is special."""
    value = TABLES[table][name].made(random)
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    return f"_utf8mb4 X'{value.encode().hex()}'" if isinstance(value, str) else repr(value)
