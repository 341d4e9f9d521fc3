"""A verification in this process, and a writer beside it."""

import asyncio
import secrets
import time
from collections.abc import Sequence
from random import Random
from typing import Any

from migrator.model.table import TableName
from migrator.state.store import State
from migrator.state.verification import Difference, Request, TableVerification, Verifications
from tests.migrator.road import Road, Source

ROWS = 1_000
TIMEOUT_S = 60.0
POLL_S = 0.1
WRITERS = 2
PAUSE_S = 0.002
TABLES = ("numbers", "pairs", "words", "bytes")
PLANTED = 40
"""The writer leaves the first rows alone, so that faults can be planted there."""


def fill(source: Source) -> None:
    """Tables with integer, composite, text and binary keys, of `ROWS` rows each."""
    source.run(
        "CREATE TABLE digits (n INT PRIMARY KEY)",
        "INSERT INTO digits VALUES " + ", ".join(f"({n})" for n in range(10)),
        "CREATE TABLE numbers (id INT PRIMARY KEY, v INT, day DATE, note VARCHAR(20))",
        "CREATE TABLE pairs (a INT, b INT, v INT, PRIMARY KEY (a, b))",
        "CREATE TABLE words (word VARCHAR(20) COLLATE utf8mb4_general_ci PRIMARY KEY, v INT)",
        "CREATE TABLE bytes (code BINARY(4) PRIMARY KEY, v INT)",
        "INSERT INTO numbers SELECT a.n + 10 * b.n + 100 * c.n, b.n, '2024-02-29', "
        "CONCAT('note ', a.n) FROM digits a, digits b, digits c",
        "INSERT INTO pairs SELECT id, id MOD 7, v FROM numbers",
        "INSERT INTO words SELECT CONCAT('word', id), v FROM numbers",
        "INSERT INTO bytes SELECT UNHEX(LPAD(HEX(id), 8, '0')), v FROM numbers",
        "DROP TABLE digits",
    )


def change(cursor: Any, random: Random) -> None:
    """Change some row at random, then pause."""
    cursor.execute(_statement(random))
    time.sleep(PAUSE_S)


def _statement(random: Random) -> str:
    number = random.randrange(PLANTED, ROWS)
    return random.choice(
        (
            f"UPDATE numbers SET v = v + 1 WHERE id = {number}",
            f"DELETE FROM numbers WHERE id = {number}",
            f"REPLACE INTO numbers VALUES ({number}, 1, NULL, 'again')",
            f"UPDATE IGNORE pairs SET b = b + 1 WHERE a = {number}",
            f"UPDATE words SET v = v + 1, word = UPPER(word) WHERE word = 'word{number}'",
            f"UPDATE bytes SET v = v + 1 WHERE code = UNHEX(LPAD(HEX({number}), 8, '0'))",
        )
    )


async def verified(
    road: Road, tables: Sequence[str] = TABLES, **options: Any
) -> tuple[dict[str, TableVerification], Sequence[Difference]]:
    """Ask for a verification of tables, and wait until it is done."""
    names = tuple(TableName(road.source.database, name) for name in tables)
    request = Request(secrets.token_hex(4), names, **options)
    async with State.connect(road.settings, "verify") as state:
        verifications = Verifications(state)
        await verifications.ask(request)
        async with asyncio.timeout(TIMEOUT_S):
            found = await verifications.tables(request.id)
            while len(found) < len(names) or not all(one.done or one.why_not for one in found):
                await asyncio.sleep(POLL_S)
                found = await verifications.tables(request.id)
        differences = await verifications.differences(1_000)
        await verifications.withdraw(request.id)
    return {one.table.name: one for one in found}, differences
