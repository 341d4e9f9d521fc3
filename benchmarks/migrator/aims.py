"""What was asked for, beside what was found: met or missed, nothing in between."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.migrator.data import MULTI_ROW, SINGLE_ROW
from benchmarks.migrator.findings import Findings
from benchmarks.migrator.readers import DECODER, MYSQL_REPLICATION, OWN
from benchmarks.migrator.snapshot import ROLES
from benchmarks.migrator.sustained import HALF_OF_THE_SOURCE

PEER_RATIO = 10.0
CAPTURE_ROWS_S = 100_000
DECODER_ROWS_S = 300_000
CEILING_SHARE = 0.5
DRAIN_ROWS_S = 20_000
P50_MS, P99_MS = 20.0, 100.0
RECOVERY_S = 3.0
MEMORY_MB = 256.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """An aim, what was measured, and whether that meets it."""

    what: str
    aim: str
    measured: str
    met: bool


def verdicts(found: Findings) -> Iterator[Verdict]:
    """The aims of all parts that were measured."""
    yield from _capture(found)
    if found.copy is not None and found.insert_ceiling():
        share = found.copy.per_second / found.insert_ceiling()
        aim, measured = f">= {CEILING_SHARE:.0%}", f"{share:.0%}"
        yield Verdict("copy, of the insert ceiling", aim, measured, share >= CEILING_SHARE)
    for drain in found.drains:
        yield _least(f"backlog: {drain.name}", "rows/s", DRAIN_ROWS_S, drain.per_second)
    yield from _latency(found)
    for role in ROLES:
        worst = max((one.seconds for one in found.recoveries if one.half == role), default=None)
        if worst is not None:
            yield _most(f"recovery from kill -9 of {role}, the slowest", "s", RECOVERY_S, worst)
    if found.small_rows is not None:
        rows = found.small_rows.rows
        for one in found.small_rows.memory:
            what = f"peak memory of {one.half}, {rows:,} small rows"
            yield _most(what, "MiB", MEMORY_MB, one.peak_mb)


def _capture(found: Findings) -> Iterator[Verdict]:
    for stretch, peer, by_time, _ in found.ratios():
        if peer == MYSQL_REPLICATION and stretch in {MULTI_ROW, SINGLE_ROW}:
            what = f"capture alone / {peer}, {stretch}"
            yield _least(what, "times", PEER_RATIO, by_time)
    rates = {(row.stretch, row.reader): row.per_second for row in found.capture}
    for what, reader, aim in (
        ("capture alone", OWN, CAPTURE_ROWS_S),
        ("decoder alone", DECODER, DECODER_ROWS_S),
    ):
        if (MULTI_ROW, reader) in rates:
            yield _least(f"{what}, {MULTI_ROW}", "rows/s", aim, rates[MULTI_ROW, reader])


def _latency(found: Findings) -> Iterator[Verdict]:
    latencies = found.sustained.latencies if found.sustained is not None else ()
    for one in latencies:
        if one.name == HALF_OF_THE_SOURCE:
            what = f"visible after the intended time, {one.name}"
            yield _most(f"{what}, p50", "ms", P50_MS, one.from_intended.p50)
            yield _most(f"{what}, p99", "ms", P99_MS, one.from_intended.p99)


def _least(what: str, unit: str, aim: float, measured: float) -> Verdict:
    return Verdict(what, f">= {aim:,g} {unit}", _shown(measured, unit), measured >= aim)


def _most(what: str, unit: str, aim: float, measured: float) -> Verdict:
    return Verdict(what, f"< {aim:,g} {unit}", _shown(measured, unit), measured < aim)


def _shown(number: float, unit: str) -> str:
    digits = 0 if number >= 100 else 1 if number >= 10 else 2
    return f"{number:,.{digits}f} {unit}"
