"""Recovery: a half is killed under light load, and its supervisor starts it again."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil

from benchmarks.migrator.halves import Migration, Process
from benchmarks.migrator.load import Seen, loaded
from benchmarks.migrator.snapshot import ROLES
from benchmarks.migrator.writer import NS
from benchmarks.server import BenchmarkError

WARM_UP_S = 1.0
QUIET_S = 2.0
AFTER_S = 5.0
RATE = 500.0

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Recovery:
    """After the kill of a half: until a marker is visible that was written after the kill."""

    half: str
    seconds: float


def measure_recovery(
    migration: Migration, kills: int, products: int, progress: Progress
) -> Iterator[Recovery]:
    """Kill each half so often. Each kill meets a fresh supervisor, without earlier failures."""
    for number in range(1, kills + 1):
        for half in ROLES:
            progress(f"killing {half}, {number} of {kills}")
            yield Recovery(half, round(_recover(migration, half, products), 2))


def _recover(migration: Migration, half: str, products: int) -> float:
    with migration.process("run") as run:
        # Both halves are at work once all markers of a first load have been seen.
        with loaded(migration, WARM_UP_S, RATE, products) as running:
            _check(running.finish(), "before the kill")
        with loaded(migration, QUIET_S + AFTER_S, RATE, products) as running:
            time.sleep(QUIET_S)
            killed_ns = _kill(run, half)
            seen = running.finish()
        run.check()
    _check(seen, f"after the kill of {half}")
    after = [one.visible for one in seen.markers if one.intended > killed_ns]
    return (min(after) - killed_ns) / NS


def _kill(run: Process, half: str) -> int:
    """Kill it, and return when it was gone."""
    process = run.half(half)
    if process is None:
        raise BenchmarkError(f"There is no {half} to kill.")
    process.kill()
    while _lives(process):
        time.sleep(0.001)
    return time.monotonic_ns()


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _check(seen: Seen, when: str) -> None:
    if seen.missing:
        raise BenchmarkError(f"{seen.missing} of {len(seen.markers)} markers never came, {when}.")
