"""`python -m tests.migrator.machine`: episodes for as long as is asked; the result is kept."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from migrator.log import configure_logging
from servers.mariadb import MariaDB
from servers.mongodb import MongoDB
from servers.mysql import MySQL
from servers.process import exclusive
from servers.rabbitmq import RabbitMQ
from tests.migrator.machine.episode import Result, run_episode
from tests.migrator.road import Road, Source

RESULTS = Path(__file__).parents[3] / "benchmarks" / "results"
FAILURES = Path(__file__).parents[3] / ".bench" / "machine"
MINUTE_S = 60
console = Console(highlight=False)


async def episode(server: "MySQL | MariaDB", seed: int, urls: tuple[str, str]) -> Result:
    """One episode in a database and collections of its own, which are removed."""
    source = Source(server.url)
    road = Road(source, *urls, chunk_rows=(2, 20, 5_000)[seed % 3])
    try:
        return await run_episode(source, road, seed, steps=80, kills=seed % 5, looks=1 + seed % 3)
    finally:
        await road.remove()


def keep(seed: int, server: str, differences: Sequence[str], log: Sequence[str]) -> None:
    """Write the log of a failure where `tests.migrator.machine.shrink` takes it up."""
    FAILURES.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"differences": differences, "log": log}, ensure_ascii=False, indent=1)
    (FAILURES / f"{seed}-{server}.json").write_text(text)


def report(results: list[Result], broken: Counter[str], minutes: float) -> str:
    """The result as it is kept."""
    differing = [one for one in results if one.differences]
    servers = ", ".join(sorted({one.server for one in results}))
    return "\n".join(
        (
            f"# The differential machine, {date.today()}",
            "",
            f"{minutes:.0f} minutes on {servers}, by `make machine`.",
            "",
            "| what | count |",
            "| --- | --- |",
            f"| episodes | {len(results)} |",
            f"| statements that the server took | {sum(one.statements for one in results):,} |",
            f"| definitions among them | {sum(one.definitions for one in results):,} |",
            f"| statements that it refused | {sum(one.refused for one in results):,} |",
            f"| kills of both halves | {sum(one.kills for one in results):,} |",
            f"| full comparisons | {sum(one.looks for one in results):,} |",
            f"| copies of tables | {sum(one.copies for one in results):,} |",
            f"| tables left out, with a reason | {sum(one.left_out for one in results):,} |",
            f"| episodes that ended with an error | {broken.total()} |",
            f"| episodes with a difference | {len(differing)} |",
            "",
            *(f"- {name}: {count}" for name, count in broken.items()),
            *(f"- seed {one.seed} on {one.server}: {one.differences[0]}" for one in differing),
        )
    )


async def run(minutes: float, first_seed: int) -> tuple[list[Result], Counter[str]]:
    """Episodes on both servers in turn, until the time is over."""
    with exclusive():
        servers = (MySQL(), MariaDB())
        for server in servers:
            server.start()
        urls = (RabbitMQ().start(), MongoDB().start())
    results: list[Result] = []
    broken: Counter[str] = Counter()
    begun = time.monotonic()
    seed = first_seed
    while time.monotonic() - begun < minutes * MINUTE_S:
        server = servers[seed % 2]
        try:
            result = await episode(server, seed, urls)
        except Exception as error:  # noqa: BLE001 - Whatever it is, it is what we look for.
            broken[f"seed {seed} on {server.name}: {type(error).__name__}: {error}"[:300]] += 1
            console.print(f"seed {seed} on {server.name}: {error!r}", markup=False)
            keep(seed, server.name, [repr(error)], getattr(error, "__notes__", ()))
        else:
            results.append(result)
            word = "DIFFERS" if result.differences else "is the same"
            console.print(f"seed {seed} on {result.server} {word}, {result.took_s:.1f} s")
            if result.differences:
                keep(seed, server.name, result.differences, result.log)
        seed += 1
    return results, broken


def main(
    minutes: Annotated[float, typer.Option(help="How long to go on.")] = 60,
    seed: Annotated[int, typer.Option(help="The first seed; the next ones follow.")] = 1_000,
) -> None:
    """Run random episodes on MySQL and MariaDB, and keep what came of them."""
    configure_logging("text", "error")
    results, broken = asyncio.run(run(minutes, seed))
    text = report(results, broken, minutes)
    console.print(text, markup=False)
    (RESULTS / f"{date.today()}-machine.md").write_text(text + "\n")
    raise typer.Exit(int(bool(broken) or any(one.differences for one in results)))


if __name__ == "__main__":
    typer.run(main)
