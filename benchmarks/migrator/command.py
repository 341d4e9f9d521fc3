"""`python -m benchmarks migrator`: all parts in order, on servers of its own."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from pymongo import MongoClient
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from benchmarks.environments import prepare_folder
from benchmarks.migrator.report import Report, own_versions
from benchmarks.migrator.run import Run
from benchmarks.migrator.servers import started
from benchmarks.migrator.sizes import KEPT, TRIAL, Sizes
from benchmarks.migrator.tables import AIMS, Section, sections
from benchmarks.report import hardware
from benchmarks.server import BenchmarkError

PINNING = "readers of the binlog on core 0, all else on any"
PARTS: dict[str, Callable[[Run], None]] = {
    "capture": Run.capture,
    "copy": Run.copy,
    "stream": Run.stream,
    "memory": Run.memory,
}
EVERY = ",".join(PARTS)

Parts = Annotated[str, typer.Option(help=f"Of {', '.join(PARTS)}.")]
Trial = Annotated[bool, typer.Option("--trial", help="Little data, to see that all of it works.")]
SmallRows = Annotated[
    int | None, typer.Option(min=1, help="Rows that are copied while memory is watched.")
]
Profile = Annotated[
    bool, typer.Option("--profile", help="In the end, sample where the processor time goes.")
]

console = Console(highlight=False)


def main(
    parts: Parts = EVERY,
    trial: Trial = False,
    small_rows: SmallRows = None,
    profile: Profile = False,
) -> None:
    """Measure the migrator beside its ceilings and two libraries; keep all but a trial.

    All of it takes twenty minutes, on servers of its own, which are gone afterwards.
    """
    chosen = parts.split(",")
    if unknown := set(chosen) - PARTS.keys():
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: choose of {', '.join(PARTS)}.")
    sizes = TRIAL if trial else KEPT
    sizes = replace(sizes, small_rows=small_rows or sizes.small_rows)
    try:
        report, failed = _measured(chosen, sizes, with_profile=profile)
    except BenchmarkError as error:
        _fail(error)
        raise typer.Exit(1) from None
    for section in sections(report.findings):
        if section.title == AIMS:
            _show(section)
    if not trial and not failed:
        console.print(f"Written: benchmarks/results/{report.save().name}")
    else:
        console.print("Not written: this is a trial, or a part of it failed.")
    if failed:
        raise typer.Exit(1)


def _measured(parts: Sequence[str], sizes: Sizes, *, with_profile: bool) -> tuple[Report, bool]:
    """Measure the parts; beside the report, whether one of them failed."""
    prepare_folder()
    machine, begin_s = hardware() | {"pinning": PINNING}, time.monotonic()
    steps = [step for name, step in PARTS.items() if name in parts]
    if with_profile:
        steps.append(Run.profile)
    with (
        _progress(begin_s) as progress,
        started(progress) as servers,
        MongoClient[dict[str, Any]](servers.target_url) as target,
    ):
        versions = own_versions() | servers.versions()
        run = Run(servers, target, sizes, progress, versions=versions)
        run.shop()
        failed = [step for step in steps if not _done(step, run)]
    minutes = round((time.monotonic() - begin_s) / 60, 1)
    today = datetime.now(UTC).date()
    return Report(today, minutes, sizes, machine, run.versions, run.findings), bool(failed)


def _done(step: Callable[[Run], None], run: Run) -> bool:
    """Take a step, and show what it found; whether it went well. The others do not need it."""
    before = {section.title for section in sections(run.findings)}
    try:
        step(run)
    except BenchmarkError as error:
        _fail(error)
        return False
    for section in sections(run.findings):
        if section.title not in before and section.title != AIMS:
            _show(section)
    return True


@contextmanager
def _progress(begin_s: float) -> Iterator[Callable[[str], None]]:
    """A line that says what is being done; without a terminal, a line for each thing."""
    last = ""
    with console.status("") as status:

        def progress(step: str) -> None:
            nonlocal last
            if step == last:
                return
            last = step
            passed_s = int(time.monotonic() - begin_s)
            line = f"{passed_s // 60}:{passed_s % 60:02} {escape(step)}"
            if console.is_terminal:
                status.update(line)
            else:
                console.print(line)

        yield progress


def _show(section: Section) -> None:
    table = Table(*section.headings, title=section.title, title_justify="left")
    for row in section.rows:
        table.add_row(*row)
    console.print(table)


def _fail(error: BenchmarkError) -> None:
    console.print(f"[red]error:[/] {escape(str(error))}")
