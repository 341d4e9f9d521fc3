"""One episode: a random schema is copied and followed while it changes, and then compared."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from migrator.check.fitness import unfit
from migrator.model.table import TableName
from migrator.mysql.catalog.tables import read_tables
from migrator.mysql.wire.connection import SourceUrl, connect
from tests.migrator.machine.columns import TABLES, create_table, quoted
from tests.migrator.machine.writer import Writer, shapes
from tests.migrator.road import Road, Source
from tests.migrator.twin import UNREADABLE, differences

TABLES_AT_FIRST = 5

# What a log says between its statements.
HEADER = "-- database and chunk_rows: "
BEGINS = "-- the migration begins"
SETTLED = "-- it has settled"
KILLED = "-- it is killed"
COMPARED = "-- it has settled, ends, and is compared"


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
    """Run it with so many steps and kills; compare so many times, at the end at the latest.

    An error has the lines of the log as its notes.
    """
    begun = time.monotonic()
    random = Random(seed)
    other = make_other(source)
    writer = Writer(lambda: source.connect(source.database), random, other, source.is_mariadb)
    writer.log.append(f"{HEADER}{source.database} {road.settings.chunk_rows}")
    try:
        await asyncio.to_thread(begin, source, random, writer)
        for name in await unfit_tables(road):
            # A migration does not begin with them.
            source.run(f"DROP TABLE {quoted(name.name)}")
            writer.log.append(f"DROP TABLE {quoted(name.name)}")
        rounds = _split(steps, max(kills + 1, looks))
        killed, found = await _follow(source, road, writer, rounds, looks)
    except Exception as error:
        for line in writer.log:
            error.add_note(line)
        raise
    source.run(f"DROP DATABASE {other}")
    states = list(road.client[road.state].tables.find())
    return Result(
        seed,
        "MariaDB" if source.is_mariadb else "MySQL",
        sum(not line.startswith("-- ") for line in writer.log),
        writer.definitions,
        writer.refused,
        killed,
        writer.log.count(COMPARED),
        sum(one["generation"] for one in states),
        sum(bool(one["left_out"]) for one in states),
        time.monotonic() - begun,
        tuple(found),
        tuple(writer.log),
    )


async def _follow(
    source: Source, road: Road, writer: Writer, rounds: Sequence[int], looks: int
) -> tuple[int, list[str]]:
    """The migration, ended by a kill or a comparison after each round; the kills, what differs."""
    killed = 0
    for number, count in enumerate(rounds):
        is_look = number == len(rounds) - 1 or (looks > 1 and writer.random.random() < 0.5)
        async with road.going():
            writer.log.append(BEGINS)
            await road.begun()
            # Some changes come while it is copied, others after that.
            early = count // 2 if number == 0 else 0
            await asyncio.to_thread(_some, writer, early)
            if early:
                writer.log.append(SETTLED)
                await road.settled(is_empty=True)
            await asyncio.to_thread(_some, writer, count - early)
            if is_look:
                await road.settled(is_empty=True)
        writer.log.append(COMPARED if is_look else KILLED)
        killed += not is_look
        if is_look and (found := await compared(source, road)):
            return killed, found
    return killed, []


def make_other(source: Source) -> str:
    """A database that is not migrated."""
    other = f"{source.database}_other"
    source.run(f"CREATE DATABASE {other}", f"CREATE TABLE {other}.o (id INT PRIMARY KEY, n INT)")
    return other


async def unfit_tables(road: Road) -> list[TableName]:
    """The tables that cannot be carried over."""
    collection_of = road.settings.collections.collection_of
    async with await connect(SourceUrl.parse(road.source.url)) as connection:
        tables = await read_tables(connection, road.settings.scope)
    return [table.name for table in tables if unfit(table, collection_of(table.name))]


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
    unfit_names += [name for name, reason in left_out.items() if UNREADABLE in reason]
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
    with_dead_letters = {str(one["table"]) for one in road.dead_letters()}
    for name, count in counts.items():
        _, _, collection = name.partition(".")
        documents = road.client[source.database][collection].estimated_document_count()
        if count != documents and name not in with_dead_letters:
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
