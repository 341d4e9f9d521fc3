"""What a run found: the table, the aims, and everything needed to read them rightly."""

import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import psutil
from rich.table import Table

from benchmarks.measure import RUNS, Row
from benchmarks.server import is_pinning
from benchmarks.wrk import CONNECTIONS

RESULTS = Path(__file__).with_name("results")

NOTES = (
    f"One worker per party; wrk with one thread and {CONNECTIONS} connections in a closed loop, so "
    "its latencies are not corrected for coordinated omission.",
    "The service runs as shipped: default settings, log on (into a file), playground and limits "
    "on; only port, database and secret are set, and cron is off. On MySQL every request carries "
    "an administrator's bearer token, which the service checks with a look at the users table.",
    "The peers have no authentication, no query limits, no metrics and no request log of ours. "
    "uvicorn writes its access log into a file, as is its default; the others write none.",
    "createProduct looks for a taken sku and slug in the service; in the peers the unique keys "
    "decide. The service commits concurrent products together (group commit); the peers commit "
    "each on its own. Every answered write is found in the table afterwards.",
    "All commits are flushed: better-sqlite3, built to flush less, is set to synchronous=FULL "
    "like the others.",
    "fastapi is uvicorn[standard], hence with uvloop and httptools. bare-aiohttp has uvloop and "
    "orjson, one pool or one SQLite connection, and joins the lines with their products.",
    "RSS is the highest sum over the process and its children during the row; each party serves "
    "its three requests in the order of the table, from one start.",
    "Low and high are the slowest and the fastest of the runs; where they lie far apart, something "
    "else used the machine.",
    "Requests that fail, time out or answer errors are counted as errors and not as requests.",
)


@dataclass(frozen=True, slots=True)
class Aim:
    """The service must reach `factor` times the peer's rate."""

    request: str
    peer: str
    factor: float


AIMS = (
    Aim("createProduct", "fastapi", 8.0),
    Aim("createProduct", "bare-aiohttp", 0.4),
    Aim("createProduct", "mercurius", 1.0),
    Aim("products", "fastapi", 4.0),
    Aim("order", "fastapi", 4.0),
)


@dataclass(frozen=True, slots=True)
class Ratio:
    """How the service stands to a peer, and the aim if there is one."""

    database: str
    request: str
    peer: str
    ratio: float
    aim: float | None

    @property
    def verdict(self) -> str:
        """Whether the aim is met."""
        if self.aim is None:
            return ""
        return "met" if self.ratio >= self.aim else "missed"


@dataclass(frozen=True, slots=True)
class Report:
    """A run of the benchmark."""

    day: date
    seconds: int
    hardware: Mapping[str, str]
    versions: Mapping[str, Mapping[str, str]]
    rows: Sequence[Row]

    def ratios(self) -> Iterator[Ratio]:
        """The service against every peer of the same database and request."""
        aims = {(aim.request, aim.peer): aim.factor for aim in AIMS}
        own = {(r.database, r.request): r.per_second for r in self.rows if r.party == "service"}
        for row in self.rows:
            rate = own.get((row.database, row.request))
            if row.party == "service" or rate is None or not row.per_second:
                continue
            aim = aims.get((row.request, row.party))
            yield Ratio(row.database, row.request, row.party, rate / row.per_second, aim)

    def save(self) -> Path:
        """Write the JSON and the Markdown file; return the latter's path."""
        RESULTS.mkdir(exist_ok=True)
        stem = RESULTS / f"{self.day.isoformat()}-service"
        everything = asdict(self) | {
            "day": self.day.isoformat(),
            "runs": RUNS,
            "ratios": [asdict(ratio) | {"verdict": ratio.verdict} for ratio in self.ratios()],
            "notes": NOTES,
        }
        stem.with_suffix(".json").write_text(json.dumps(everything, indent=2) + "\n")
        stem.with_suffix(".md").write_text(self._markdown())
        return stem.with_suffix(".md")

    def _markdown(self) -> str:
        hardware = "; ".join(f"{name}: {value}" for name, value in self.hardware.items())
        title = f"# The shop service and its peers, {self.day.isoformat()}"
        summary = f"Medians of {RUNS} runs of {self.seconds} s after a warm-up. {hardware}."
        parts = [
            f"{title}\n\n{summary}",
            markdown_table(ROW_HEADINGS, [row_cells(row) for row in self.rows]),
            "## The service against each peer",
            markdown_table(RATIO_HEADINGS, [ratio_cells(ratio) for ratio in self.ratios()]),
            "## How to read this",
            "\n".join(f"- {note}" for note in NOTES),
            "## Versions",
            "\n".join(
                f"- {name}: {', '.join(f'{k} {v}'.strip() for k, v in parts.items())}"
                for name, parts in self.versions.items()
            ),
        ]
        return "\n\n".join(parts) + "\n"


ROW_HEADINGS = (
    "database", "request", "party", "req/s", "low - high", "p50 ms", "p99 ms", "RSS MB", "errors",
)  # fmt: skip
RATIO_HEADINGS = ("database", "request", "peer", "service / peer", "aim", "")


def row_cells(row: Row) -> tuple[str, ...]:
    """A row as text."""
    rates = row.per_second_runs
    rate, spread = f"{row.per_second:,.0f}", f"{min(rates):,.0f} - {max(rates):,.0f}"
    times, memory = (f"{row.p50_ms:.1f}", f"{row.p99_ms:.1f}"), f"{row.rss_peak_mb:.0f}"
    return row.database, row.request, row.party, rate, spread, *times, memory, str(row.errors)


def ratio_cells(ratio: Ratio) -> tuple[str, ...]:
    """A ratio as text."""
    aim = "" if ratio.aim is None else f"{ratio.aim:g}"
    return ratio.database, ratio.request, ratio.peer, f"{ratio.ratio:.2f}", aim, ratio.verdict


def terminal_tables(report: Report) -> Iterator[Table]:
    """The two tables for a terminal."""
    rows, ratios = Table(*ROW_HEADINGS), Table(*RATIO_HEADINGS)
    for row in report.rows:
        rows.add_row(*row_cells(row))
    for ratio in report.ratios():
        ratios.add_row(*ratio_cells(ratio))
    yield from (rows, ratios)


def markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as Markdown writes it."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def hardware() -> dict[str, str]:
    """The machine, and what else it is doing, as far as the numbers depend on it."""
    pinned = "server on core 0, wrk on core 1, MySQL on either"
    return {
        "CPU": _cpu_model(),
        "cores": str(psutil.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "pinning": pinned if is_pinning() else "none",
        "load average before": f"{psutil.getloadavg()[0]:.2f}",
    }


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
