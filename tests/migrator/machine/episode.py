"""One episode: a random schema is copied and followed while it changes, and then compared."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from migrator.check.fitness import unfit
from migrator.mysql.catalogue import read_tables
from migrator.mysql.columns import TableName
from migrator.mysql.connection import SourceUrl, connect
from tests.migrator.machine.columns import TABLES, create_table, quoted
from tests.migrator.machine.writer import Writer, shapes
from tests.migrator.road import Road, Source
from tests.migrator.twin import differences

TABLES_AT_FIRST = 5


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an episode; `differences` should be empty."""

    seed: int
    server: str
    statements: int
    definitions: int
    refused: int
    kills: int
    looks: int
    copies: int
    """How often a table was copied anew because of a definition."""
    left_out: int
    took_s: float
    differences: tuple[str, ...]
    log: tuple[str, ...]


async def run_episode(
    source: Source, road: Road, seed: int, *, steps: int, kills: int, looks: int = 1
) -> Result:
    """Run it with so many steps and kills; compare so many times, at the end at the latest."""
    begun = time.monotonic()
    random = Random(seed)
    other = f"{source.database}_other"
    source.run(f"CREATE DATABASE {other}", f"CREATE TABLE {other}.o (id INT PRIMARY KEY, n INT)")
    writer = Writer(lambda: source.connect(source.database), random, other, source.is_mariadb)
    await asyncio.to_thread(begin, source, random, writer)
    for name in await unfit_tables(road):
        source.run(f"DROP TABLE {quoted(name.name)}")  # A migration does not begin with them.
    killed = looked = 0
    found: list[str] = []
    rounds = _split(steps, max(kills + 1, looks))
    for number, count in enumerate(rounds):
        async with road.going():
            if number == 0:
                await road.begun()
                # Some changes come while it is copied, others after that.
                await asyncio.to_thread(_some, writer, count // 2)
                await road.settled(is_empty=True)
                count -= count // 2
            await asyncio.to_thread(_some, writer, count)
            is_look = number == len(rounds) - 1 or (looks > 1 and random.random() < 0.5)
            if is_look:
                await road.settled(is_empty=True)
        killed += not is_look
        if is_look:
            looked += 1
            found = await compared(source, road)
            if found:
                break
    source.run(f"DROP DATABASE {other}")
    states = list(road.client[road.state].tables.find())
    return Result(
        seed,
        "MariaDB" if source.is_mariadb else "MySQL",
        len(writer.log),
        writer.definitions,
        writer.refused,
        killed,
        looked,
        sum(one["generation"] for one in states),
        sum(bool(one["left_out"]) for one in states),
        time.monotonic() - begun,
        tuple(found),
        tuple(writer.log),
    )


async def unfit_tables(road: Road) -> list[TableName]:
    """The tables that cannot be carried over."""
    place = road.settings.places.place
    async with await connect(SourceUrl.parse(road.source.url)) as connection:
        tables = await read_tables(connection, road.settings.scope)
    return [table.name for table in tables if unfit(table, place(table.name))]


def begin(source: Source, random: Random, writer: Writer) -> None:
    """The tables at first, with some rows."""
    with source.connect(source.database) as client, client.cursor() as cursor:
        for name in random.sample(TABLES, TABLES_AT_FIRST):
            writer._run(cursor, create_table(random, name, keyless=0))
    for _ in range(TABLES_AT_FIRST):
        writer.step()


def _some(writer: Writer, steps: int) -> None:
    for _ in range(steps):
        writer.step()


def _split(total: int, parts: int) -> Sequence[int]:
    return [total * (n + 1) // parts - total * n // parts for n in range(parts)]


async def compared(source: Source, road: Road) -> list[str]:
    """The differences from a fresh copy, and tables that are left out without a reason."""
    unfit_names = await unfit_tables(road)
    states = road.client[road.state].tables.find({"left_out": {"$ne": ""}})
    left_out = {TableName(one["database"], one["table"]): one["left_out"] for one in states}
    # No definition shows that a key holds what its character set does not have.
    unfit_names += [name for name, reason in left_out.items() if "not valid in its" in reason]
    unfits = set(map(str, unfit_names))
    counts = {name: count for name, count in row_counts(source).items() if name not in unfits}
    without_need = {str(name): reason for name, reason in left_out.items()}
    found = [
        f"{name} is left out without need: {without_need[name]}"
        for name in without_need.keys() - unfits
    ]
    found += [
        f"{name} cannot be carried over, and nobody says so"
        for name in unfits - without_need.keys()
    ]
    letters = {str(letter["table"]) for letter in road.letters()}
    for name, count in counts.items():
        _, _, collection = name.partition(".")
        documents = road.client[source.database][collection].estimated_document_count()
        if count != documents and name not in letters:
            found.append(f"{name} has {count} rows and {documents} documents")
    return found + [
        line
        for line in await differences(road, without=unfit_names)
        if not any(line.startswith(f"{name}:") for name in unfits)
    ]


def row_counts(source: Source) -> dict[str, int]:
    """How many rows each table has."""
    with source.connect(source.database) as client, client.cursor() as cursor:
        counts = {}
        for shape in shapes(cursor):
            cursor.execute(f"SELECT COUNT(*) FROM {quoted(shape.name)}")
            counts[f"{source.database}.{shape.name}"] = int(cursor.fetchone()[0])
        return counts
