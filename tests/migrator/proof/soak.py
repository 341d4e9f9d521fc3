"""`python -m tests.migrator.proof.soak`: a thousand random kills, with comparisons in between."""

import random
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tests.migrator.proof.harness import Road
from tests.migrator.proof.servers import Servers, started
from tests.migrator.proof.soak_report import RESULTS, Result, versions, write
from tests.migrator.proof.writer import Mix

VERIFY_TIMEOUT_S = 120
PAUSE_S = (0.1, 1.6)
QUEUES_SETTLE_S = 5
MIX = Mix(rate=50, mass_every_s=4, mass_rows=3_000, ddl_every_s=5)
# How often whom, in a hundred.
VICTIMS = {"capture": 44, "apply": 44, "both": 5, "broker": 3, "target": 3, "source": 1}

console = Console(highlight=False)


@dataclass(slots=True)
class Soak:
    """Kills, and what came of them."""

    road: Road
    random: random.Random
    kills: Counter[str] = field(default_factory=Counter)
    comparisons: int = 0
    rows_compared: int = 0
    exits: Counter[str] = field(default_factory=Counter)
    mismatch: str | None = None

    def kill(self) -> None:
        """One kill at a random instant, and a new start."""
        time.sleep(self.random.uniform(*PAUSE_S))
        self._restart_ended()
        (victim,) = self.random.choices([*VICTIMS], [*VICTIMS.values()])
        programs = {"capture": [self.road.capture], "apply": [self.road.apply]}
        programs["both"] = [self.road.capture, self.road.apply]
        if victim in programs:
            for program in programs[victim]:
                program.kill()
            for program in programs[victim]:
                program.start()
        else:
            server = getattr(self.road.servers, victim)
            server.kill()
            server.start()
        self.kills[victim] += 1

    def verify(self) -> None:
        """Let everything land, compare it, and go on."""
        self._restart_ended()
        comparison = self.road.verify(VERIFY_TIMEOUT_S, restart=True)
        self.comparisons += 1
        self.rows_compared += comparison.rows

    def _restart_ended(self) -> None:
        for program in self.road.capture, self.road.apply:
            status = program.exit_status()
            if status is not None:
                self.exits[f"{program.command}: {status}"] += 1
                program.start()


def main(
    kills: Annotated[int, typer.Option(min=1, help="How many kills in all.")] = 1000,
    every: Annotated[int, typer.Option(min=1, help="Compare after so many kills.")] = 50,
    seed: Annotated[int, typer.Option(help="Of the workload and the kills; 0: any.")] = 0,
    source: Annotated[str, typer.Option(help="mysql or mariadb")] = "mysql",
    results: Annotated[Path, typer.Option(help="Where the result is kept.")] = RESULTS,
) -> None:
    """Kill capture, apply and their servers at random instants, under load; compare in between.

    Servers and folders are private and removed at the end. Ctrl-C stops it in order,
    without a result. Exit status 1 if anything differed.
    """
    seed = seed or random.SystemRandom().randrange(1, 2**31)
    try:
        with tempfile.TemporaryDirectory(prefix="kooch-soak-") as folder, started(source) as kinds:
            result = soak(kinds[source], Path(folder), kills, every, seed, source)
    except KeyboardInterrupt:
        console.print("Stopped; no result is kept.")
        raise typer.Exit(130) from None
    written = write(result, results)
    console.print(result.summary())
    console.print(f"Kept in {written}.")
    raise typer.Exit(1 if result.mismatch else 0)


def soak(servers: Servers, folder: Path, kills: int, every: int, seed: int, source: str) -> Result:
    """Run it; the result names the first mismatch, at which it ends."""
    began = time.monotonic()
    with Road(servers, folder, seed=seed, mix=MIX) as road:
        run = Soak(road, random.Random(seed))
        road.start()
        time.sleep(QUEUES_SETTLE_S)
        road.reader.start()
        road.workload.start()
        try:
            with console.status("") as line:
                for number in range(1, kills + 1):
                    run.kill()
                    line.update(f"{number} of {kills} kills, {run.comparisons} comparisons")
                    if number % every == 0 or number == kills:
                        run.verify()
                        console.print(f"{number} kills: all of {run.rows_compared} rows equal")
                        road.workload.start()
        except AssertionError as error:
            run.mismatch = str(error)
        road.workload.stop()
        now = road.standing()
        return Result(
            date=date.today().isoformat(),
            source=source,
            seed=seed,
            versions=versions(servers),
            seconds=round(time.monotonic() - began),
            kills=dict(run.kills),
            exits=dict(run.exits),
            comparisons=run.comparisons,
            rows_compared=run.rows_compared,
            transactions=now.transactions,
            epochs=max((int(position["epoch"]) for position in now.positions), default=0),
            reader_looks=road.reader.looks,
            reader_violations=len(road.reader.violations),
            workload=dict(road.workload.counts),
            mismatch=run.mismatch,
        )


if __name__ == "__main__":
    typer.run(main)
