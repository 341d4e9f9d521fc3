"""Memory of both halves while many small rows are copied."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.migrator.halves import Migration, Process, both
from benchmarks.migrator.snapshot import is_copied
from benchmarks.migrator.source import Source
from benchmarks.server import BenchmarkError

SAMPLE_S = 0.5
ROWS_PER_SECOND_LEAST = 10_000
START_TIMEOUT_S = 60
QUARTERS = 4

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one half, in MiB: the kernel's peak, and medians of each quarter of the copy."""

    half: str
    peak_mb: float
    quarters_mb: tuple[float, ...]
    cpu_s: float


@dataclass(frozen=True, slots=True)
class SmallRows:
    """A copy of so many small rows by capture and apply."""

    rows: int
    wall_s: float
    memory: tuple[Memory, ...]


def make_small_rows(source: Source, database: str, rows: int, progress: Progress) -> None:
    """Let the server write the rows, by doubling; they stand in no binlog."""
    source.run(
        f"CREATE DATABASE {database}",
        f"CREATE TABLE {database}.small (id INT NOT NULL PRIMARY KEY, n INT NOT NULL)",
        f"INSERT INTO {database}.small VALUES (1, 1)",
    )
    progress(f"writing {rows:,} small rows")
    there = 1
    while there < rows:
        added = min(there, rows - there)
        more = f"INSERT INTO small SELECT id + {there}, n * 31 % 999983 FROM small LIMIT {added}"
        source.run("SET sql_log_bin = 0", more, database=database)
        there += added


def measure_memory(migration: Migration, rows: int, progress: Progress) -> SmallRows:
    """Copy them, and look at both processes all the time. Raises `BenchmarkError`."""
    samples: list[tuple[float, float]] = []
    most_s = START_TIMEOUT_S + rows / ROWS_PER_SECOND_LEAST
    begin_s = time.monotonic()
    with both(migration) as halves:
        while not is_copied(migration):
            passed_s = time.monotonic() - begin_s
            if passed_s > most_s:
                raise BenchmarkError(f"{rows} small rows were not copied in {most_s:.0f} s.")
            for half in halves:
                half.check()
            samples.append((halves[0].rss_mb(), halves[1].rss_mb()))
            progress(f"copying {rows:,} small rows: {_percent(migration, rows)} %")
            time.sleep(SAMPLE_S)
        wall_s = time.monotonic() - begin_s
        memory = tuple(
            _memory(name, half, [sample[index] for sample in samples])
            for index, (name, half) in enumerate(zip(("capture", "apply"), halves, strict=True))
        )
    return SmallRows(rows, wall_s, memory)


def _percent(migration: Migration, rows: int) -> int:
    """How much of the table has been copied, in steps of ten."""
    tables = migration.remembered("tables")
    copied = sum(part["rows"] for table in tables for part in table["parts"])
    return int(copied * 10 / rows) * 10


def _memory(name: str, half: Process, samples: list[float]) -> Memory:
    size = max(1, len(samples) // QUARTERS)
    parts = [samples[first : first + size] for first in range(0, len(samples), size)]
    medians = tuple(round(statistics.median(part), 1) for part in parts[:QUARTERS])
    return Memory(name, half.peak_mb(), medians, half.cpu_s())
