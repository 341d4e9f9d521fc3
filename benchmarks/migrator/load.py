"""Load on the source and a reader of the target, side by side; what they found, put together."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any, Self

from pymongo.read_concern import ReadConcern

from benchmarks.migrator.halves import Migration, Process, wait_for
from benchmarks.migrator.source import Source
from benchmarks.migrator.visible import Watch
from benchmarks.migrator.writer import Load, Written
from benchmarks.server import FOLDER, BenchmarkError, clean_environment

MARKER_INTERVAL_S = 0.02
START_TIMEOUT_S = 10.0
CATCH_UP_TIMEOUT_S = 120.0
GRACE_S = 20.0
"""How long markers are awaited behind the end of the load."""
NS_PER_MS = 1_000_000
_first_markers = count(1_000_000, 1_000_000)


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Of a set of latencies, in milliseconds."""

    p50: float
    p95: float
    p99: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """The percentiles of at least one value."""
        ordered = sorted(values)

        def at(share: float) -> float:
            return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)

        return cls(at(0.50), at(0.95), at(0.99), round(ordered[-1], 1))


@dataclass(frozen=True, slots=True)
class Marker:
    """One marker's times, in ns of one clock.

    One that was not `seen` counts as visible when the reader gave up: it is later than that.
    """

    intended: int
    committed: int
    visible: int
    seen: bool

    @property
    def late_ms(self) -> float:
        """How long after its intended time it was visible."""
        return (self.visible - self.intended) / NS_PER_MS


@dataclass(frozen=True, slots=True)
class Seen:
    """What a load wrote, and its markers in the order of their intended times."""

    rows: int
    took_s: float
    late_ms: float
    markers: tuple[Marker, ...]

    @property
    def per_second(self) -> float:
        """Changed rows per second that the source really took."""
        return self.rows / self.took_s

    @property
    def missing(self) -> int:
        """How many markers were not seen."""
        return sum(not marker.seen for marker in self.markers)

    def from_intended(self) -> Percentiles:
        """Visible, counted from the intended time."""
        return Percentiles.of([marker.late_ms for marker in self.markers])

    def from_commit(self) -> Percentiles:
        """Visible, counted from when COMMIT returned to the writer."""
        return Percentiles.of([(one.visible - one.committed) / NS_PER_MS for one in self.markers])


@contextmanager
def loaded(migration: Migration, seconds: float, rate: float, products: int) -> Iterator["Running"]:
    """A load and its reader, for as long as the block runs; `finish` waits for both."""
    load = Load(
        url=migration.servers.source_url,
        database=migration.database,
        seconds=seconds,
        rate=rate,
        products=products,
        first_marker=next(_first_markers),
        marker_interval_s=MARKER_INTERVAL_S,
    )
    most_s = START_TIMEOUT_S + seconds + GRACE_S
    watch = Watch(
        url=migration.servers.target_url,
        database=migration.database,
        first_marker=load.first_marker,
        markers=load.markers,
        seconds=most_s,
    )
    with ExitStack() as stack:
        reader = stack.enter_context(_program("visible", asdict(watch)))
        writer = stack.enter_context(_program("writer", asdict(load)))
        yield Running(writer, reader, most_s + START_TIMEOUT_S)


@dataclass(frozen=True, slots=True)
class Running:
    """Two processes at work."""

    writer: "subprocess.Popen[str]"
    reader: "subprocess.Popen[str]"
    most_s: float

    def finish(self) -> Seen:
        """Wait until all is written, and seen or given up. Raises `BenchmarkError`."""
        written = Written(**_answer(self.writer, self.most_s))
        visible: Mapping[str, int] = _answer(self.reader, self.most_s)
        given_up_ns = time.monotonic_ns()
        markers = (
            Marker(intended, done, visible.get(str(number), given_up_ns), str(number) in visible)
            for number, intended, done in sorted(written.markers)
        )
        return Seen(written.rows, written.took_s, written.late_ms, tuple(markers))


def catch_up(migration: Migration, *halves: Process) -> float:
    """Wait until all that was written before has arrived; how long it took, in seconds.

    Raises `BenchmarkError` when it does not come.
    """
    marker = next(_first_markers)
    source = Source(migration.servers.source_url)
    source.run(f"INSERT INTO markers VALUES ({marker})", database=migration.database)
    markers = migration.target[migration.database].get_collection(
        "markers", read_concern=ReadConcern("majority")
    )

    def is_there() -> bool:
        return markers.find_one({"_id": marker}) is not None

    return wait_for(is_there, CATCH_UP_TIMEOUT_S, "what was written before", *halves)


def write_alone(url: str, database: str, seconds: float, products: int) -> float:
    """How many changed rows a second the source takes in a closed loop, when nobody reads."""
    load = Load(url, database, seconds, -1.0, products, 0, 0.0)
    with _program("writer", asdict(load)) as writer:
        written = Written(**_answer(writer, seconds + START_TIMEOUT_S))
    return written.rows / written.took_s


@contextmanager
def _program(name: str, task: Mapping[str, Any]) -> Iterator["subprocess.Popen[str]"]:
    """A program of this package; it is gone when the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.migrator.{name}", json.dumps(task)],
        env=clean_environment(),
        cwd=FOLDER,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _answer(process: "subprocess.Popen[str]", timeout_s: float) -> Any:
    try:
        output, errors = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        raise BenchmarkError(f"{process.args!r} did not end in {timeout_s:g} s.") from None
    if process.returncode:
        raise BenchmarkError(f"{process.args!r} failed:\n{errors[-2000:]}")
    return json.loads(output)
