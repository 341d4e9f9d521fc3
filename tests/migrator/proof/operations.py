"""What one transaction of the workload does; each function works on an open one."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from pymysql.err import IntegrityError

from tests.migrator.proof.schema import ACCOUNTS, ORDERS, SWAPS, Table, put
from tests.migrator.proof.source import Client

PAD = "A mass of rows that are all alike, "
SCRATCH_ROWS = 30


@dataclass(frozen=True, slots=True)
class Hand:
    """What an operation works with."""

    client: Client
    random: Random
    tables: tuple[Table, ...]

    def run(self, statement: str, *values: Any) -> int:
        """Run a statement; how many rows it changed. A duplicate key changes none."""
        with self.client.cursor() as cursor:
            try:
                return cursor.execute(statement, values)
            except IntegrityError:
                # The statement is undone, its transaction goes on.
                return 0

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a statement answers."""
        with self.client.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())


Operation = Callable[[Hand], None]


def transfer(hand: Hand) -> None:
    """Move money between two accounts: the sum of all stays the same."""
    # Locked in the order of their keys, so that two transfers never wait for each other.
    pair = sorted(hand.random.sample(range(1, ACCOUNTS + 1), 2))
    amount = hand.random.randint(-50, 50)
    for account, change in zip(pair, (amount, -amount), strict=True):
        hand.run(
            "UPDATE accounts SET balance = balance + %s, version = version + 1 WHERE id = %s",
            change,
            account,
        )


def insert(hand: Hand) -> None:
    """Write a row by one of SQL's three ways."""
    table = hand.random.choice(hand.tables)
    row = table.row(hand.random)
    way = hand.random.randrange(3)
    try:
        put(hand.client, table, row, ("INSERT", "REPLACE", "INSERT IGNORE")[way])
    except IntegrityError:
        hand.run(f"UPDATE `{table.name}` {_assignments(row)} {_where(table)}", *_both(table, row))


def update(hand: Hand) -> None:
    """Change some columns of the row of a key, if there is one; the key stays."""
    table = hand.random.choice(hand.tables)
    row = table.row(hand.random)
    others = [name for name in row if name not in table.key]
    chosen = hand.random.sample(others, hand.random.randint(1, len(others)))
    changed = {name: row[name] for name in chosen}
    hand.run(
        f"UPDATE `{table.name}` {_assignments(changed)} {_where(table)}",
        *changed.values(),
        *_key(table, row),
    )


def change_key(hand: Hand) -> None:
    """Give a row another key, in the same spelling or in another one."""
    table = hand.random.choice(hand.tables)
    old, new = table.row(hand.random), table.row(hand.random)
    key = {name: new[name] for name in table.key}
    hand.run(
        f"UPDATE `{table.name}` {_assignments(key)} {_where(table)}",
        *key.values(),
        *_key(table, old),
    )


def delete(hand: Hand) -> None:
    """Remove the row of a key, if there is one."""
    table = hand.random.choice(hand.tables)
    hand.run(f"DELETE FROM `{table.name}` {_where(table)}", *_key(table, table.row(hand.random)))


def delete_and_insert(hand: Hand) -> None:
    """Remove a row and write another one with the same key, in one transaction."""
    table = hand.random.choice(hand.tables)
    row = table.row(hand.random)
    hand.run(f"DELETE FROM `{table.name}` {_where(table)}", *_key(table, row))
    put(hand.client, table, row)


def swap(hand: Hand) -> None:
    """Exchange the keys and the unique ranks of two or three rows, by way of a free value."""
    chosen = hand.random.sample(range(1, SWAPS + 1), hand.random.choice((2, 3)))
    for column in "id", "rank_no":
        first, *others = chosen
        hand.run(f"UPDATE swaps SET {column} = -1 WHERE {column} = %s", first)
        for free, taken in zip(chosen, others, strict=False):
            hand.run(f"UPDATE swaps SET {column} = %s WHERE {column} = %s", free, taken)
        hand.run(f"UPDATE swaps SET {column} = %s WHERE {column} = -1", chosen[-1])


def order(hand: Hand) -> None:
    """Replace an order and its lines, which go with it: two tables in one transaction."""
    number = hand.random.randint(1, ORDERS)
    hand.run("DELETE FROM orders WHERE id = %s", number)
    quantities = [hand.random.randint(1, 9) for _ in range(hand.random.randint(0, 5))]
    hand.run("INSERT INTO orders VALUES (%s, %s, %s)", number, sum(quantities), "paid")
    for position, quantity in enumerate(quantities):
        hand.run("INSERT INTO order_lines VALUES (%s, %s, %s)", number, position, quantity)


def renumber_order(hand: Hand) -> None:
    """Give an order another number; its lines follow."""
    number, other = hand.random.sample(range(1, ORDERS + 1), 2)
    hand.run("UPDATE orders SET id = %s WHERE id = %s", other, number)


def several(hand: Hand) -> None:
    """Some operations together, one part of them perhaps taken back."""
    for step in range(hand.random.randint(2, 5)):
        saved = hand.random.random() < 0.25
        if saved:
            hand.run(f"SAVEPOINT step_{step}")
        _pick(hand)(hand)
        if saved:
            hand.run(f"ROLLBACK TO SAVEPOINT step_{step}")


def mass(rows: int) -> Operation:
    """Write `rows` rows anew, or change them all, or remove them all: one transaction."""
    crossed = ", ".join(f"digits d{place}" for place in range(5))
    number = " + ".join(f"d{place}.id * {10**place}" for place in range(5))
    fill = (
        f"SELECT {number} + 1 AS n, 0, CONCAT('{PAD}', {number}) FROM {crossed} HAVING n <= {rows}"
    )

    def change(hand: Hand) -> None:
        if not hand.rows("SELECT 1 FROM masses LIMIT 1"):
            hand.run(f"INSERT INTO masses {fill}")
        elif hand.random.random() < 0.6:
            hand.run("UPDATE masses SET round = round + 1")
        else:
            hand.run("DELETE FROM masses")
            if hand.random.random() < 0.5:
                hand.run(f"INSERT INTO masses {fill}")

    return change


def scratch(hand: Hand) -> None:
    """Write some rows of the table that is truncated now and then."""
    marks = ", ".join("(%s)" for _ in range(SCRATCH_ROWS))
    notes = [f"note {hand.random.random()}" for _ in range(SCRATCH_ROWS)]
    hand.run(f"INSERT INTO scratch (note) VALUES {marks}", *notes)


def shift(hand: Hand) -> None:
    """Write, change or remove rows of the table whose definition changes."""
    hand.run("INSERT INTO shifting (note) VALUES (%s), (%s)", "first", "second")
    hand.run("UPDATE shifting SET note = %s ORDER BY id DESC LIMIT 2", f"{hand.random.random()}")
    hand.run("DELETE FROM shifting ORDER BY id LIMIT 1")


GENERIC: tuple[Operation, ...] = (insert, insert, update, update, change_key, delete)
ORDINARY: tuple[Operation, ...] = (
    *(transfer,) * 6, *GENERIC, delete_and_insert, swap, swap, order, order, renumber_order,
    several, several, several, scratch, shift,
)  # fmt: skip

DEFINITIONS = {
    "id note": "ADD COLUMN extra INT NOT NULL DEFAULT 7",
    "id note extra": "RENAME COLUMN extra TO amount",
    "id note amount": "MODIFY COLUMN amount VARCHAR(20) NOT NULL DEFAULT '9', ADD COLUMN flag BIT",
    "id note amount flag": "MODIFY COLUMN note VARCHAR(80) FIRST",
    "note id amount flag": "ADD COLUMN started DATE FIRST, DROP COLUMN amount, DROP COLUMN flag",
    "started note id": "MODIFY COLUMN note VARCHAR(60) AFTER id",
    "started id note": "DROP COLUMN started",
}
"""The next definition of `shifting` for each that it may have: added, renamed, retyped, ..."""


def define(hand: Hand) -> None:
    """Change the definition of `shifting`, or truncate `scratch`."""
    if hand.random.random() < 0.2:
        hand.run("TRUNCATE TABLE scratch")
        return
    names = " ".join(name for name, *_ in hand.rows("SHOW COLUMNS FROM shifting"))
    hand.client.commit()
    hand.run(f"ALTER TABLE shifting {DEFINITIONS[names]}")


def _pick(hand: Hand) -> Operation:
    return hand.random.choice((transfer, order, delete_and_insert, *GENERIC))


def _assignments(row: dict[str, Any]) -> str:
    return "SET " + ", ".join(f"`{name}` = %s" for name in row)


def _where(table: Table) -> str:
    return "WHERE " + " AND ".join(f"`{name}` = %s" for name in table.key)


def _key(table: Table, row: dict[str, Any]) -> list[Any]:
    return [row[name] for name in table.key]


def _both(table: Table, row: dict[str, Any]) -> list[Any]:
    return [*row.values(), *_key(table, row)]
