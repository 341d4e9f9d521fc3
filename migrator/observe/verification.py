"""The display of a verification: a bar, the rate and the time left of each table."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from migrator.model.table import TableName
from migrator.observe.findings import Findings, TableFindings, rates
from migrator.observe.reports import Role
from migrator.observe.surface import Surface
from migrator.observe.terminal import OTHER_LINES, WINDOW_S, duration

HEADINGS = ("table", "", "rows", "of about", "differences", "rows/s", "left")


class VerificationScreen(Surface):
    """Shows how far each table is, and how many differences were found."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._seen: deque[Findings] = deque()

    def show(self, seen: Findings, waits_for: Sequence[Role]) -> None:
        """Show the newest look; `waits_for` are halves that do not run."""
        self._seen.append(seen)
        while len(self._seen) > 2 and seen.at_s - self._seen[0].at_s > WINDOW_S:
            self._seen.popleft()
        now = rates(self._seen)
        self.draw(lambda height: rendered(seen, now, waits_for, height), lambda: fields(seen, now))


def rendered(
    seen: Findings, rate_of: Mapping[TableName, float], waits_for: Sequence[Role], height: int
) -> RenderableType:
    """The whole display, for a terminal of `height` lines."""
    grid = Table(box=None, padding=(0, 2, 0, 0))
    for heading in HEADINGS:
        grid.add_column(heading, justify="left" if heading in {"table", ""} else "right")
    # Tables under way come first: a long list of finished ones would hide them.
    tables = sorted(seen.tables, key=lambda one: (_is_over(one), -one.estimated_rows))
    most = max(3, height - OTHER_LINES)
    for one in tables[:most]:
        grid.add_row(*_row(one, rate_of.get(one.table)))
    if len(tables) > most:
        grid.add_row(f"and {len(tables) - most} more")
    grid.add_row(*_row(seen.total, sum(rate_of.values())), style="bold")
    lines = [Text(f"{half} is not running: start it.", "red") for half in waits_for]
    return Group(grid, *lines)


def _row(one: TableFindings, rate: float | None) -> Sequence[RenderableType]:
    name = one.table.name if not one.table.database else str(one.table)
    bar = ProgressBar(total=1.0, completed=one.fraction, width=20)
    counts = (f"{one.compared:,}", f"{max(one.estimated_rows, one.compared):,}")
    differences = f"{one.differences:,}"
    if _is_over(one):
        return name, bar, *counts, differences, "", "not compared" if one.obstacle else "done"
    left = None
    if rate and one.estimated_rows:
        left = max(0, one.estimated_rows - one.compared) / rate
    return name, bar, *counts, differences, "" if rate is None else f"{rate:,.0f}", duration(left)


def _is_over(one: TableFindings) -> bool:
    return one.is_done or bool(one.obstacle)


def fields(seen: Findings, rate_of: Mapping[TableName, float]) -> dict[str, Any]:
    """The same values, as the fields of a log line."""
    total = seen.total
    return {
        "tables_done": sum(map(_is_over, seen.tables)),
        "tables": len(seen.tables),
        "compared": total.compared,
        "estimated_rows": total.estimated_rows,
        "differences": total.differences,
        "repaired": total.repaired,
        "looked_again": total.looked_again,
        "rows_s": round(sum(rate_of.values())),
    }
