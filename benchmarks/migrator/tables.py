"""The findings as tables of text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.migrator.aims import verdicts
from benchmarks.migrator.findings import Findings
from benchmarks.migrator.sustained import Sustained

AIMS = "Aims"


@dataclass(frozen=True, slots=True)
class Section:
    """A table with a title."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


def sections(found: Findings) -> Iterator[Section]:
    """The tables of all parts that were measured, the aims first."""
    every = (
        _aims, _capture, _ratios, _decoders, _copy, _drains, _rates, _latencies, _recoveries,
        _memory, _stages,
    )  # fmt: skip
    for make in every:
        section = make(found)
        if section.rows:
            yield section


def _aims(found: Findings) -> Section:
    rows = [(v.what, v.aim, v.measured, "met" if v.met else "missed") for v in verdicts(found)]
    return Section(AIMS, ("what", "aim", "measured", ""), rows)


def _capture(found: Findings) -> Section:
    headings = ("binlog", "reader", "rows", "rows/s", "low - high", "CPU µs/row")
    rows = []
    for row in found.capture:
        runs = row.per_second_runs
        spread = f"{min(runs):,.0f} - {max(runs):,.0f}"
        rate, cpu = f"{row.per_second:,.0f}", f"{row.cpu_us_per_row:.2f}"
        rows.append((row.stretch, row.reader, f"{row.rows:,}", rate, spread, cpu))
    return Section("Capture alone", headings, rows)


def _ratios(found: Findings) -> Section:
    headings = ("binlog", "library", "rows/s: migrator / library", "CPU: library / migrator")
    rows = [(s, p, f"{time:.1f}", f"{cpu:.1f}") for s, p, time, cpu in found.ratios()]
    return Section("Capture beside the libraries", headings, rows)


def _decoders(found: Findings) -> Section:
    rows = [
        (row.stretch, table, f"{cpu_us:.2f}", f"{1e6 / cpu_us:,.0f}")
        for row in found.capture
        for table, cpu_us in row.cpu_us_of_table.items()
    ]
    headings = ("binlog", "table", "CPU µs/row", "rows for a CPU second")
    return Section("The decoder alone, table by table", headings, rows)


def _copy(found: Findings) -> Section:
    headings = ("what", "rows", "s", "rows/s", "copy / this", "capture CPU s", "apply CPU s")
    copy, rows = found.copy, []
    if copy is not None:
        cpu = f"{copy.capture_cpu_s:.1f}", f"{copy.apply_cpu_s:.1f}"
        figures = f"{copy.rows:,}", f"{copy.copied_s:.1f}", f"{copy.per_second:,.0f}"
        rows.append(("copy, end to end", *figures, "", *cpu))
        whole = f"{copy.wall_s:.1f}", f"{copy.rows / copy.wall_s:,.0f}"
        rows.append(("the whole command", f"{copy.rows:,}", *whole, "", "", ""))
        for one in found.ceilings:
            share = f"{copy.per_second / one.per_second:.0%}"
            figures = f"{one.rows:,}", f"{one.wall_s:.1f}", f"{one.per_second:,.0f}"
            rows.append((one.name, *figures, share, "", ""))
    return Section("The copy, and its ceilings", headings, rows)


def _drains(found: Findings) -> Section:
    headings = ("backlog", "changed rows", "s", "rows/s", "capture CPU s", "apply CPU s")
    rows = []
    for one in found.drains:
        figures = f"{one.rows:,}", f"{one.wall_s:.1f}", f"{one.per_second:,.0f}"
        capture = f"{one.capture_cpu_s:.1f}" if one.capture_cpu_s else ""
        rows.append((one.name, *figures, capture, f"{one.apply_cpu_s:.1f}"))
    return Section("Backlogs", headings, rows)


def _rates(found: Findings) -> Section:
    headings = ("intended rows/s", "written rows/s", "first third, ms", "last third, ms", "held")
    sustained, rows = found.sustained, []
    if sustained is not None:
        for one in sorted(sustained.tries, key=lambda one: one.rate):
            lags = f"{one.first_ms:,.1f}", f"{one.last_ms:,.1f}"
            held = "yes" if one.held else "no"
            rows.append((f"{one.rate:,.0f}", f"{one.written:,.0f}", *lags, held))
    return Section(f"Sustained rates{_summary(sustained)}", headings, rows)


def _summary(sustained: Sustained | None) -> str:
    if sustained is None:
        return ""
    alone = f"the source alone takes {sustained.alone:,.0f} rows/s"
    return f": {sustained.highest:,.0f} rows/s held, {alone}"


def _latencies(found: Findings) -> Section:
    headings = (
        "load", "written rows/s", "markers", "missing", "from", "p50 ms", "p95 ms", "p99 ms", "max",
    )  # fmt: skip
    rows = []
    for one in found.sustained.latencies if found.sustained is not None else ():
        counts = f"{one.written:,.0f}", f"{one.markers:,}", f"{one.missing}"
        pairs = (("intended time", one.from_intended), ("COMMIT", one.from_commit))
        for name, of in pairs:
            figures = (f"{figure:,.1f}" for figure in (of.p50, of.p95, of.p99, of.most))
            rows.append((one.name, *counts, name, *figures))
    return Section("Latency until visible", headings, rows)


def _recoveries(found: Findings) -> Section:
    rows = [(one.half, f"{one.seconds:.2f}") for one in found.recoveries]
    return Section("Recovery from kill -9", ("half", "s"), rows)


def _memory(found: Findings) -> Section:
    headings = ("half", "rows", "rows/s", "peak MiB", "MiB in each quarter", "CPU µs/row")
    small, rows = found.small_rows, []
    if small is not None:
        counts = f"{small.rows:,}", f"{small.rows / small.wall_s:,.0f}"
        for one in small.memory:
            quarters = ", ".join(f"{figure:.0f}" for figure in one.quarters_mb)
            cpu = f"{one.cpu_s / small.rows * 1e6:.1f}"
            rows.append((one.half, *counts, f"{one.peak_mb:.0f}", quarters, cpu))
    return Section("Memory while small rows are copied", headings, rows)


def _stages(found: Findings) -> Section:
    rows = [(one.work, one.half, one.file, f"{one.share:.1%}") for one in found.stages]
    return Section("Where the processor time goes", ("work", "half", "file", "share"), rows)
