"""What the comparison found, for people and for machines."""

from itertools import islice
from typing import Any

from rich.console import Console
from rich.table import Table

from migrator.independent.findings import Difference, Findings, Kind, TableFindings
from migrator.independent.values.form import form, shown

LISTED = 20
"""Differences that are printed; a file has all that were kept."""
COUNTED = (Kind.DIFFERENT, Kind.MISSING, Kind.EXTRA, Kind.UNREADABLE, Kind.UNSETTLED)


def summary(found: Findings, console: Console, *, hide_values: bool) -> None:
    """Print the counts of each table, the first differences, and the verdict."""
    console.print(_counts(found))
    for table in found.tables:
        if table.obstacle:
            console.print(f"{table.table} was not compared: {table.obstacle}", markup=False)
    listed = list(islice(found.differences, LISTED))
    for difference in listed:
        for line in _lines(difference, hide_values=hide_values):
            console.print(line, markup=False, soft_wrap=True)
    more = sum(sum(table.counts.values()) for table in found.tables) - len(listed)
    if more:
        console.print(f"And {more:,} more.")
    console.print(verdict(found), soft_wrap=True)


def verdict(found: Findings) -> str:
    """One sentence."""
    if found.is_equal:
        return f"EQUAL: {sum(table.compared for table in found.tables):,} rows were compared."
    return (
        "NOT EQUAL, or not wholly compared. What is different stayed so at every look; rows that "
        "are still on their way count as different, so look whether `status` says that the "
        "migration has caught up."
    )


def report(found: Findings, *, hide_values: bool) -> dict[str, Any]:
    """The same for machines, with all differences that were kept."""
    return {
        "equal": found.is_equal,
        "tables": [_table(table) for table in found.tables],
        "differences": [one.to_document(hide_values=hide_values) for one in found.differences],
        "differences_not_kept": found.not_kept,
    }


def _table(found: TableFindings) -> dict[str, Any]:
    return {
        "table": str(found.table),
        "selected": found.is_selected,
        "not_compared": found.obstacle or None,
        "compared": found.compared,
        "equal": found.equal,
        **{kind.value: found.counts[kind] for kind in COUNTED},
        "looked_at_again": found.looked_again,
        "dead_letters": found.dead_letters,
    }


def _counts(found: Findings) -> Table:
    grid = Table(box=None, padding=(0, 2, 0, 0))
    # What is rare has a column only if there is any.
    rare = (Kind.UNREADABLE, Kind.UNSETTLED)
    kinds = [
        kind
        for kind in COUNTED
        if kind not in rare or any(table.counts[kind] for table in found.tables)
    ]
    grid.add_column("table")
    for heading in ("compared", "equal", *kinds, "looked at again", "in the dead letters"):
        grid.add_column(heading, justify="right")
    for table in found.tables:
        numbers = (
            table.compared,
            table.equal,
            *(table.counts[kind] for kind in kinds),
            table.looked_again,
            table.dead_letters,
        )
        grid.add_row(str(table.table), *(f"{number:,}" for number in numbers))
    return grid


def _lines(difference: Difference, *, hide_values: bool) -> list[str]:
    head = f"{difference.table} {shown(form(difference.key))}: {difference.kind}"
    if hide_values:
        names = ", ".join(one.name for one in difference.fields)
        return [f"{head}: {names}" if names else head]
    return [
        head,
        *(
            f"    {one.name}: {one.source} at the source, {one.target} in the target"
            for one in difference.fields
        ),
    ]
