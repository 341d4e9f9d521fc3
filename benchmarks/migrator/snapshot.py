"""The copy of what is there, from the start of the command to its end."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from benchmarks.migrator.halves import Migration, Process
from benchmarks.migrator.source import Source
from benchmarks.server import BenchmarkError

COPY_TIMEOUT_S = 900
POLL_S = 0.1
ROLES = ("capture", "apply")

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a whole database, and the processor time of the two halves."""

    rows: int
    wall_s: float
    """From the start of `run --until-caught-up` to its end, with status 0."""
    copied_s: float
    """Until the last table was copied."""
    capture_cpu_s: float
    apply_cpu_s: float

    @property
    def per_second(self) -> float:
        """Rows of the copy alone, start-up included; the end of the command is not."""
        return self.rows / self.copied_s


def measure_copy(migration: Migration, progress: Progress) -> Copy:
    """Copy the database, count what arrived, and leave it there. Raises `BenchmarkError`."""
    progress(f"copying {migration.database} by `run --until-caught-up`")
    begin_s = time.monotonic()
    copied_s = 0.0
    cpu_s = dict.fromkeys(ROLES, 0.0)
    with migration.process("run", "--until-caught-up") as run:
        while run.status() is None:
            time.sleep(POLL_S)
            passed_s = time.monotonic() - begin_s
            if passed_s > COPY_TIMEOUT_S:
                raise BenchmarkError(f"The copy was not complete after {COPY_TIMEOUT_S} s.")
            if not copied_s and is_copied(migration):
                copied_s = passed_s
            cpu_s |= _cpu_s(run)
        wall_s = time.monotonic() - begin_s
        run.check()
    rows = _compare_counts(migration)
    return Copy(rows, wall_s, copied_s or wall_s, cpu_s["capture"], cpu_s["apply"])


def is_copied(migration: Migration) -> bool:
    """Whether all ranges of all its tables have been loaded."""
    tables = migration.remembered("tables")
    # They become known one by one, and an empty one is done at once.
    if len(tables) < len(Source(migration.servers.source_url).tables(migration.database)):
        return False
    return all(part["done"] for table in tables for part in table["parts"])


def _cpu_s(run: Process) -> dict[str, float]:
    """The processor time of both halves until now; nothing of one that has ended."""
    found = {}
    for role in ROLES:
        try:
            half = run.half(role)
            if half is not None:
                times = half.cpu_times()
                found[role] = float(times.user + times.system)
        except psutil.NoSuchProcess:
            continue
    return found


def _compare_counts(migration: Migration) -> int:
    """How many rows there are on both sides. Raises `BenchmarkError` if they differ."""
    source, rows = Source(migration.servers.source_url), 0
    for table in source.tables(migration.database):
        expected = source.count(migration.database, table)
        found = migration.target[migration.database][table].count_documents({})
        if found != expected:
            raise BenchmarkError(f"{table} has {expected} rows and {found} documents.")
        rows += found
    return rows
