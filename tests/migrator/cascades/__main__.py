"""`python -m tests.migrator.cascades`: random episodes for as long as is asked."""

import asyncio
import json
import time
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from migrator.log import configure_logging
from servers.mongodb import MongoDB
from servers.process import exclusive
from servers.rabbitmq import RabbitMQ
from servers.sql import SQLServer
from tests.migrator.cascades.conftest import SERVERS
from tests.migrator.cascades.episode import Plan, Result, run_episode
from tests.migrator.road import Road, Source

FAILURES = Path(__file__).parents[3] / ".bench" / "cascades"
MINUTE_S = 60
TRANSACTIONS = 60
console = Console(highlight=False)


async def episode(server: SQLServer, urls: tuple[str, str], plan: Plan) -> Result:
    """One episode in a database and collections of its own, which are removed."""
    source = Source(server.url)
    chunk_rows, partitions = (2, 5, 5_000)[plan.seed % 3], 1 + plan.seed % 2
    road = Road(source, *urls, chunk_rows=chunk_rows, partitions=partitions)
    try:
        return await run_episode(source, road, plan)
    finally:
        await road.remove()


def keep(server: str, seed: int, found: list[str], log: list[str]) -> None:
    """Write what failed where `tests.migrator.machine.shrink` takes it up."""
    FAILURES.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"differences": found, "log": log}, ensure_ascii=False, indent=1)
    (FAILURES / f"{seed}-{server}.json").write_text(text)


async def run(server: SQLServer, minutes: float, first_seed: int, *, loose: bool) -> Counter[str]:
    """Episodes until the time is over; how they ended."""
    with exclusive():
        server.start()
        urls = (RabbitMQ().start(), MongoDB().start())
    ends: Counter[str] = Counter()
    begun, seed = time.monotonic(), first_seed
    while time.monotonic() - begun < minutes * MINUTE_S:
        try:
            result = await episode(server, urls, Plan(seed, TRANSACTIONS, seed % 4, loose))
            found, log = list(result.differences), list(result.log)
            end = "differs" if found else "is the same"
        except Exception as error:  # noqa: BLE001 - Whatever it is, it is what we look for.
            found, log = [repr(error)], list(getattr(error, "__notes__", ()))
            end = type(error).__name__
        ends[end] += 1
        console.print(f"seed {seed} on {server.name}: {end} {''.join(found[:1])}", markup=False)
        if found:
            keep(server.name, seed, found, log)
        seed += 1
    return ends


def main(
    minutes: Annotated[float, typer.Option(help="How long to go on.")] = 10,
    source: Annotated[str, typer.Option(help=f"Of {', '.join(SERVERS)}.")] = "mysql-native",
    seed: Annotated[int, typer.Option(help="The first seed; the next ones follow.")] = 1_000,
    loose: Annotated[bool, typer.Option(help="With values whose bytes do not tell.")] = False,
) -> None:
    """Run random schemas and transactions with foreign keys on one source, and compare."""
    if source not in SERVERS:
        raise typer.BadParameter(f"There is no source {source}; there are {', '.join(SERVERS)}.")
    configure_logging("text", "critical")
    ends = asyncio.run(run(SERVERS[source], minutes, seed, loose=loose))
    console.print(dict(ends), markup=False)
    raise typer.Exit(int(ends.keys() != {"is the same"}))


if __name__ == "__main__":
    typer.run(main)
