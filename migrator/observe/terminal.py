"""The live display of a run; where there is no terminal, a log line every few seconds."""

from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from migrator.observe.progress import (
    MICROSECONDS,
    Observation,
    ProgressReport,
    TableProgress,
    progress,
)
from migrator.observe.reports import HalfState
from migrator.observe.surface import Surface

WINDOW_S = 10.0
"""Rates are averages over this time."""
OTHER_LINES = 12
"""Lines of the display that are not rows of tables."""
MINUTE_S = 60
HOUR_S = 60 * MINUTE_S


class Screen(Surface):
    """The display of a run."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._seen: deque[Observation] = deque()

    def show(self, seen: Observation, halves: Sequence[HalfState]) -> None:
        """Show the newest observation, and the state of both halves."""
        self._seen.append(seen)
        while len(self._seen) > 2 and seen.at_s - self._seen[0].at_s > WINDOW_S:
            self._seen.popleft()
        now = progress(self._seen)
        self.draw(lambda height: rendered(now, halves, height), lambda: fields(now, halves))


def rendered(now: ProgressReport, halves: Sequence[HalfState], height: int) -> RenderableType:
    """The whole display, for a terminal of `height` lines."""
    return Group(_tables(now, max(3, height - OTHER_LINES)), Text(), _stream(now, halves))


def _tables(now: ProgressReport, most: int) -> RenderableType:
    grid = Table(box=None, padding=(0, 2, 0, 0))
    for heading in "table", "", "rows", "of about", "rows/s", "left":
        grid.add_column(heading, justify="left" if heading in {"table", ""} else "right")
    # Tables under way come first: a long list of finished ones would hide them.
    ordered = sorted(now.tables, key=lambda table: (table.done, -table.estimated_rows))
    for table in ordered[:most]:
        grid.add_row(*_row(table))
    if len(ordered) > most:
        grid.add_row(f"and {len(ordered) - most} more", "", "", "", "", "")
    total = sum(table.estimated_rows for table in now.tables)
    rate = sum(table.rate or 0 for table in now.tables if not table.done)
    left = "" if now.copied else duration(now.left_s)
    grid.add_row("all", "", f"{now.rows:,}", f"{total:,}", f"{rate:,.0f}", left, style="bold")
    return grid


def _row(table: TableProgress) -> Sequence[RenderableType]:
    bar = ProgressBar(total=1.0, completed=table.fraction, width=20)
    counts = (f"{table.rows:,}", f"{table.estimated_rows:,}")
    if table.done or table.left_out:
        return str(table.table), bar, *counts, "", "done" if table.done else "left out"
    rate = "" if table.rate is None else f"{table.rate:,.0f}"
    return str(table.table), bar, *counts, rate, duration(table.left_s)


def _stream(now: ProgressReport, halves: Sequence[HalfState]) -> RenderableType:
    stream = now.stream
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_row("stream", f"{_number(stream.rows_rate)} rows/s, "
                           f"{_number(stream.transactions_rate)} transactions/s")  # fmt: skip
    behind = "" if stream.behind is None else f", {stream.behind:,} transactions"
    grid.add_row("lag", f"{duration(stream.lag_s)}{behind}")
    waiting = "unknown" if stream.depth is None else f"{stream.depth:,} messages"
    grid.add_row("queue", f"{waiting}{', RabbitMQ holds capture back' if stream.blocked else ''}")
    grid.add_row("last commit", moment(stream.committed_at))
    grid.add_row("processes", ", ".join(map(_half, halves)))
    if now.dead_letters:
        text = f"{now.dead_letters:,} rows were not migrated; see _migrator.dead_letters"
        grid.add_row("dead letters", text, style="red")
    return grid


def _half(half: HalfState) -> str:
    state = f"{half.role} {half.pid or 'is starting again'}"
    return f"{state} ({half.restarts} restarts)" if half.restarts else state


def _number(rate: float | None) -> str:
    return "?" if rate is None else f"{rate:,.0f}"


def duration(seconds: float | None) -> str:
    """A span of time for people: 0.4 s, 12 s, 3 min 20 s, 5 h 2 min; ? for None."""
    if seconds is None:
        return "?"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < MINUTE_S:
        return f"{whole} s"
    if whole < HOUR_S:
        return f"{whole // MINUTE_S} min {whole % MINUTE_S} s"
    return f"{whole // HOUR_S} h {whole % HOUR_S // MINUTE_S} min"


def moment(committed_at: int) -> str:
    """A time in microseconds since 1970, for people; - for 0."""
    if not committed_at:
        return "-"
    at = datetime.fromtimestamp(committed_at / MICROSECONDS, UTC)
    return f"{at:%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC"


def fields(now: ProgressReport, halves: Sequence[HalfState] = ()) -> dict[str, Any]:
    """The same values, as the fields of a log line."""
    stream = now.stream
    values = {
        "tables_done": sum(table.done for table in now.tables),
        "tables": len(now.tables),
        "tables_left_out": sum(table.left_out for table in now.tables),
        "rows": now.rows,
        "estimated_rows": sum(table.estimated_rows for table in now.tables),
        "rows_s": _rounded(sum(table.rate or 0 for table in now.tables)),
        "left_s": _rounded(now.left_s),
        "stream_rows_s": _rounded(stream.rows_rate),
        "transactions_s": _rounded(stream.transactions_rate),
        "lag_s": None if stream.lag_s is None else round(stream.lag_s, 3),
        "behind": stream.behind,
        "queue": stream.depth,
        "committed_at": moment(stream.committed_at),
        "blocked": stream.blocked,
        "dead_letters": now.dead_letters,
    }
    return values | {half.role.value: half.pid for half in halves}


def _rounded(number: float | None) -> int | None:
    return None if number is None else round(number)
