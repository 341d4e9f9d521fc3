"""Capture alone: the migrator and two libraries read the same stretches of the binlog.

Each reading is a process of its own, kept on one core. It gets a `Task` as a JSON
object, reads until it has seen all rows, and prints a `Reading` as another. The
clocks begin before it connects: what a library asks the server first counts too.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path

from benchmarks.environments import PEERS, python_environment
from benchmarks.migrator.data import Stretch
from benchmarks.server import FOLDER, SERVER_CORE, BenchmarkError, clean_environment, on_core

READING_TIMEOUT_S = 300
OWN = "migrator"
DECODER = "migrator, decoder alone"
MYSQL_REPLICATION = "python-mysql-replication"
ASYNCMY = "asyncmy.replication"
_server_ids = count(900_000_001)

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Task:
    """What a reader is asked for."""

    url: str
    file: str
    gtids: str
    database: str
    rows: int
    server_id: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader did; `bytes` are those that it made.

    `cpu_us` is the processor time for a row of each table, if the reader tells.
    """

    rows: int
    wall_s: float
    cpu_s: float
    bytes: int = 0
    cpu_us: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reader:
    """A program that reads a stretch; `requirements` are of an environment of its own."""

    name: str
    program: tuple[str, ...]
    requirements: Path | None = None

    def prepare(self) -> None:
        """Install what it needs. Raises `BenchmarkError`."""
        if self.requirements is not None:
            python_environment(self.requirements)

    def version(self) -> str:
        """Its exact requirements; "" if it is this program's own."""
        if self.requirements is None:
            return ""
        return ", ".join(self.requirements.read_text().split()).replace("==", " ")

    def read(self, task: Task) -> Reading:
        """Run it once. Raises `BenchmarkError`."""
        python = str(python_environment(self.requirements) if self.requirements else sys.executable)
        command = [python, *self.program, json.dumps(asdict(task))]
        try:
            done = subprocess.run(
                on_core(SERVER_CORE, command),
                env=clean_environment(),
                cwd=FOLDER,
                capture_output=True,
                text=True,
                timeout=READING_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise BenchmarkError(f"{self.name} did not see {task.rows} rows in time.") from None
        if done.returncode:
            raise BenchmarkError(f"{self.name} failed:\n{done.stderr[-2000:]}")
        reading = Reading(**json.loads(done.stdout))
        if reading.rows != task.rows:
            raise BenchmarkError(f"{self.name} saw {reading.rows} rows of {task.rows}.")
        return reading


def _peer(name: str, folder: str) -> Reader:
    place = PEERS / folder
    return Reader(name, (str(place / "reader.py"),), place / "requirements.txt")


READERS = (
    Reader(OWN, ("-m", "benchmarks.migrator.own_reader")),
    Reader(DECODER, ("-m", "benchmarks.migrator.decoder")),
    _peer(MYSQL_REPLICATION, "mysql_replication"),
    _peer(ASYNCMY, "asyncmy_replication"),
)


@dataclass(frozen=True, slots=True)
class CaptureRow:
    """The medians of some readings of one stretch by one reader."""

    stretch: str
    reader: str
    rows: int
    per_second: float
    per_second_runs: tuple[float, ...]
    cpu_us_per_row: float
    cpu_us_of_table: Mapping[str, float]


def measure_capture(
    url: str, stretches: Sequence[Stretch], runs: int, progress: Progress
) -> Iterator[CaptureRow]:
    """Every reader on every stretch, one after another, so that noise hits them alike."""
    for reader in READERS:
        progress(f"{reader.name}: installing")
        reader.prepare()
    for stretch in stretches:
        readings: dict[str, list[Reading]] = {reader.name: [] for reader in READERS}
        for run in range(1, runs + 1):
            for reader in READERS:
                progress(f"{stretch.name}: {reader.name}, run {run} of {runs}")
                readings[reader.name].append(reader.read(_task(url, stretch)))
        for name, made in readings.items():
            yield _medians(stretch, name, made)


def _task(url: str, stretch: Stretch) -> Task:
    place = stretch.place
    return Task(url, place.file, place.gtids, stretch.database, stretch.rows, next(_server_ids))


def _medians(stretch: Stretch, reader: str, readings: Sequence[Reading]) -> CaptureRow:
    rates = tuple(round(one.rows / one.wall_s) for one in readings)
    of_table = {
        table: statistics.median(one.cpu_us[table] for one in readings)
        for table in readings[0].cpu_us
    }
    return CaptureRow(
        stretch=stretch.name,
        reader=reader,
        rows=stretch.rows,
        per_second=statistics.median(rates),
        per_second_runs=rates,
        cpu_us_per_row=round(statistics.median(one.cpu_s / one.rows * 1e6 for one in readings), 2),
        cpu_us_of_table=of_table,
    )
