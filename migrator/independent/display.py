"""A bar per table on a terminal; a log line per table where there is none."""

from types import TracebackType
from typing import Self

import structlog
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from migrator.independent.compare import Advance
from migrator.independent.findings import TableFindings
from migrator.model.table import TableName

log = structlog.get_logger()


class Rate(ProgressColumn):
    """Rows and documents read a second."""

    def render(self, task: Task) -> Text:
        """The rate, once there is one."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f} rows/s")


class Bars:
    """Shows how far each table is, with its rate and the time that is left."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.completed:,} of about {task.total:,}"),
            Rate(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._is_terminal = console.is_terminal

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def begin(self, table: TableName, total: int) -> Advance:
        """A bar for a table of about `total` rows and documents; returns what moves it."""
        task = self._progress.add_task(str(table), total=total)

        def advance(count: int) -> None:
            self._progress.update(task, advance=count)

        return advance

    def end(self, findings: TableFindings) -> None:
        """Fill the bar: the total was an estimate."""
        for task in self._progress.tasks:
            if task.description == str(findings.table):
                self._progress.update(task.id, total=task.completed)
        if not self._is_terminal:
            log.info("compared", table=str(findings.table), rows=findings.compared)
