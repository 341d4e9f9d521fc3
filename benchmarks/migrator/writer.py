"""Open-loop load on the source: each transaction has a time at which it is meant to begin.

A process of its own. It prints a `Written` as a JSON object. The load updates ten
products in each transaction; markers are rows of their own, each its own transaction.
What is late begins at once, and keeps its intended time: a stall is not forgotten.
"""

import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from itertools import count

from benchmarks.migrator.source import Source

LOAD_THREADS = 12
MARKER_THREADS = 4
ROWS_PER_TRANSACTION = 10
START_DELAY_S = 0.5
NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Load:
    """What to write: `rate` rows per second (0: none; below 0: as many as it can)."""

    url: str
    database: str
    seconds: float
    rate: float
    products: int
    first_marker: int
    marker_interval_s: float

    @property
    def markers(self) -> int:
        """How many markers there are."""
        return int(self.seconds / self.marker_interval_s) if self.marker_interval_s else 0


@dataclass(slots=True)
class Written:
    """What was written: rows of the load; markers as (id, intended, committed), in ns."""

    rows: int = 0
    took_s: float = 0.0
    late_ms: float = 0.0
    """How late the last transaction of the load began."""
    markers: list[tuple[int, int, int]] = field(default_factory=list)


class Schedule:
    """Numbers and their intended times, given out in order to whoever asks."""

    def __init__(self, begin_ns: int, interval_s: float, seconds: float) -> None:
        self._begin_ns = begin_ns
        self._interval_ns = interval_s * NS
        self._end_ns = begin_ns + int(seconds * NS)
        self._numbers = count()
        self._lock = threading.Lock()

    def next(self) -> tuple[int, int] | None:
        """Wait for the next number's time; None when the end has come."""
        with self._lock:
            number = next(self._numbers)
        at_ns = self._begin_ns + int(number * self._interval_ns)
        now_ns = time.monotonic_ns()
        # In a closed loop the interval is 0, and the clock alone decides.
        if max(at_ns, now_ns if not self._interval_ns else 0) >= self._end_ns:
            return None
        if at_ns > now_ns:
            time.sleep((at_ns - now_ns) / NS)
        return number, at_ns


def write(load: Load) -> Written:
    """Write all of it, and tell what was written when."""
    written = Written()
    begin_ns = time.monotonic_ns() + int(START_DELAY_S * NS)
    threads = []
    if load.rate:
        interval_s = ROWS_PER_TRANSACTION / load.rate if load.rate > 0 else 0.0
        schedule = Schedule(begin_ns, interval_s, load.seconds)
        threads += _threads(LOAD_THREADS, lambda: _change(load, schedule, written))
    if load.markers:
        marks = Schedule(begin_ns, load.marker_interval_s, load.seconds)
        threads += _threads(MARKER_THREADS, lambda: _mark(load, marks, written))
    for thread in threads:
        thread.join()
    written.took_s = (time.monotonic_ns() - begin_ns) / NS
    return written


def _threads(number: int, work: Callable[[], None]) -> list[threading.Thread]:
    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    return threads


def _change(load: Load, schedule: Schedule, written: Written) -> None:
    sql = "UPDATE products SET stock = stock + 1 WHERE id BETWEEN %s AND %s"
    places = load.products // ROWS_PER_TRANSACTION
    with Source(load.url).cursor(load.database) as cursor:
        while (turn := schedule.next()) is not None:
            number, at_ns = turn
            late_ms = (time.monotonic_ns() - at_ns) / 1e6
            first = number % places * ROWS_PER_TRANSACTION + 1
            rows = cursor.execute(sql, (first, first + ROWS_PER_TRANSACTION - 1))
            with LOCK:
                written.rows += rows
                written.late_ms = late_ms


def _mark(load: Load, schedule: Schedule, written: Written) -> None:
    sql = "INSERT INTO markers VALUES (%s)"
    with Source(load.url).cursor(load.database) as cursor:
        while (turn := schedule.next()) is not None:
            number, at_ns = turn
            marker = load.first_marker + number
            cursor.execute(sql, (marker,))
            with LOCK:
                written.markers.append((marker, at_ns, time.monotonic_ns()))


LOCK = threading.Lock()

if __name__ == "__main__":
    print(json.dumps(asdict(write(Load(**json.loads(sys.argv[1]))))))
