"""One episode: a random schema is copied and followed while cascades run, and then compared."""

import asyncio
import time
from dataclasses import dataclass
from random import Random

from tests.migrator.cascades.equal import unequal
from tests.migrator.cascades.schemas import random_schema
from tests.migrator.cascades.transactions import Writer
from tests.migrator.machine.episode import BEGINS, COMPARED, HEADER, KILLED, SETTLED
from tests.migrator.road import Road, Source

ROWS_AT_FIRST = 12


@dataclass(frozen=True, slots=True)
class Plan:
    """What an episode does; everything else follows from its seed."""

    seed: int
    transactions: int
    stops: int = 0
    """How often both halves are stopped, and begin again later."""
    loose: bool = False
    """Whether values are equal to the server that are not equal bytes."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an episode; `differences` should be empty."""

    plan: Plan
    constraints: int
    statements: int
    refused: int
    took_s: float
    differences: tuple[str, ...]
    log: tuple[str, ...]


async def run_episode(source: Source, road: Road, plan: Plan) -> Result:
    """Run it, and compare at the end. An error has the lines of the log as its notes."""
    begun = time.monotonic()
    random = Random(plan.seed)
    schema = random_schema(random, mariadb=source.is_mariadb, loose=plan.loose)
    writer = Writer(lambda: source.connect(source.database), random, schema, source.database)
    writer.log.append(f"{HEADER}{source.database} {road.settings.chunk_rows}")
    try:
        await asyncio.to_thread(writer.begin)
        await asyncio.to_thread(writer.fill, ROWS_AT_FIRST)
        found = await _follow(road, writer, plan)
    except Exception as error:
        for line in writer.log:
            error.add_note(line)
        raise
    return Result(
        plan,
        len(writer.schema.constraints),
        sum(not line.startswith("-- ") for line in writer.log),
        writer.refused,
        time.monotonic() - begun,
        tuple(found),
        tuple(writer.log),
    )


async def _follow(road: Road, writer: Writer, plan: Plan) -> list[str]:
    """The migration, in as many parts as its stops divide it; what differs at the end."""
    steps = plan.transactions // (plan.stops + 1)
    for part in range(plan.stops + 1):
        is_last = part == plan.stops
        async with road.going():
            writer.log.append(BEGINS)
            # Half of the changes come while tables are being copied.
            await asyncio.to_thread(_some, writer, steps // 2)
            if part % 2 == 0:
                writer.log.append(SETTLED)
                await road.settled()
            await asyncio.to_thread(_some, writer, steps - steps // 2)
            if is_last:
                await road.settled()
        writer.log.append(COMPARED if is_last else KILLED)
        if not is_last:
            await asyncio.to_thread(_some, writer, 2)
    return await unequal(road)


def _some(writer: Writer, count: int) -> None:
    for _ in range(count):
        writer.step()
