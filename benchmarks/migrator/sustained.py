"""The highest rate at which the lag does not grow, and how late changes are at half of it."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.migrator.halves import Migration, both, wait_for
from benchmarks.migrator.load import Percentiles, Seen, catch_up, loaded, write_alone
from benchmarks.migrator.sizes import Sizes
from benchmarks.migrator.snapshot import is_copied

COPY_TIMEOUT_S = 300
BISECTIONS = 5
NO_LOAD = "no load"
HALF_OF_THE_HIGHEST = "half of the highest rate"
HALF_OF_THE_SOURCE = "half of what the source takes alone"
GROWTH = 2.0
ALWAYS_FINE_MS = 100.0
"""A lag below this is none, however it compares with the one before."""
MOST_MS = 1_000.0
"""A lag above this has grown already, be it before the first third ended."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Try:
    """A rate that was tried, and whether source and migrator both held it."""

    rate: float
    written: float
    first_ms: float
    """The median latency of the markers in the first third, from their intended times."""
    last_ms: float
    held: bool


@dataclass(frozen=True, slots=True)
class Latency:
    """How late changes are at an intended rate of the load."""

    name: str
    rate: float
    written: float
    markers: int
    missing: int
    from_intended: Percentiles
    from_commit: Percentiles


@dataclass(frozen=True, slots=True)
class Sustained:
    """Rates in changed rows a second; `alone` is what the source takes when nobody reads."""

    alone: float
    tries: tuple[Try, ...]
    latencies: tuple[Latency, ...]

    @property
    def highest(self) -> float:
        """The highest rate that was held; 0 if none was."""
        return max((one.rate for one in self.tries if one.held), default=0.0)


def measure_sustained(migration: Migration, sizes: Sizes, progress: Progress) -> Sustained:
    """Look for the rate by halving the interval, then measure the latencies."""
    url, products = migration.servers.source_url, sizes.drained
    progress("what the source takes when nobody reads")
    alone = write_alone(url, migration.database, sizes.step_s, products)
    with both(migration) as halves:
        wait_for(lambda: is_copied(migration), COPY_TIMEOUT_S, "the copy", *halves)
        catch_up(migration, *halves)
        tries = _search(migration, alone, sizes, progress)
        highest = max((one.rate for one in tries if one.held), default=0.0)
        rates = {NO_LOAD: 0.0, HALF_OF_THE_HIGHEST: highest / 2, HALF_OF_THE_SOURCE: alone / 2}
        latencies = [
            _latency(migration, name, rate, sizes, progress) for name, rate in rates.items()
        ]
    return Sustained(round(alone), tuple(tries), tuple(latencies))


def _search(migration: Migration, alone: float, sizes: Sizes, progress: Progress) -> list[Try]:
    low, high = 0.0, alone
    tries = []
    for _ in range(BISECTIONS):
        rate = (low + high) / 2
        progress(f"{rate:,.0f} changed rows/s for {sizes.step_s:g} s")
        found = _try(rate, _seen(migration, sizes.step_s, rate, sizes.drained))
        tries.append(found)
        low, high = (rate, high) if found.held else (low, rate)
        catch_up(migration)
    return tries


def _try(rate: float, seen: Seen) -> Try:
    third = len(seen.markers) // 3
    first_ms = Percentiles.of([marker.late_ms for marker in seen.markers[:third]]).p50
    last_ms = Percentiles.of([marker.late_ms for marker in seen.markers[-third:]]).p50
    # The load, too, must have begun its last transaction in time.
    worst_ms = max(last_ms, seen.late_ms)
    held = worst_ms <= min(MOST_MS, max(ALWAYS_FINE_MS, GROWTH * first_ms))
    return Try(round(rate), round(seen.per_second), first_ms, last_ms, held)


def _latency(
    migration: Migration, name: str, rate: float, sizes: Sizes, progress: Progress
) -> Latency:
    progress(f"latency at {name}, {rate:,.0f} changed rows/s, for {sizes.latency_s:g} s")
    catch_up(migration)
    seen = _seen(migration, sizes.latency_s, rate, sizes.drained)
    return Latency(
        name=name,
        rate=round(rate),
        written=round(seen.per_second),
        markers=len(seen.markers),
        missing=seen.missing,
        from_intended=seen.from_intended(),
        from_commit=seen.from_commit(),
    )


def _seen(migration: Migration, seconds: float, rate: float, products: int) -> Seen:
    with loaded(migration, seconds, rate, products) as running:
        return running.finish()
