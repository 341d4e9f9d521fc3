"""What a verification found, for people and for machines."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from migrator.independent.values.form import Absent, form, shown
from migrator.observe.findings import Findings, TableFindings
from migrator.observe.terminal import duration
from migrator.state.verification import Difference

WIDTH_MAX = 1_000
LISTED = 20
"""Differences that are printed."""
COUNTED = ("compared", "equal", "different", "missing", "extra", "looked_again", "repaired")
HEADINGS = ("table", *(name.replace("looked_again", "looked at again") for name in COUNTED))


def summary(
    found: Findings, differences: Sequence[Difference], console: Console, state: str
) -> None:
    """Print the counts of each table and the first differences; `state` has the others."""
    counts = _counts(found)
    # Names of tables are never cut: a long one makes all lines longer.
    wide = console.options.update_width(WIDTH_MAX)
    counts.width = console.measure(counts, options=wide).maximum
    console.print(counts, crop=False)
    for difference in differences[:LISTED]:
        for line in lines_of(difference):
            console.print(line, markup=False, soft_wrap=True)
    more = found.total.differences - len(differences[:LISTED])
    if more > 0:
        console.print(f"And {more:,} more: see {state}.differences.", soft_wrap=True)
    for line in obstacle_lines(found, state):
        console.print(line, markup=False, soft_wrap=True)


def verdict(found: Findings, took_s: float) -> str:
    """One sentence."""
    total, took = found.total, duration(took_s)
    if found.is_equal:
        mended = f" {total.repaired:,} of them were repaired." if total.repaired else ""
        return (
            f"EQUAL: all {total.equal:,} rows of {_tables(found)} were compared, and each is "
            f"equal to its document; {took}.{mended}"
        )
    open_differences = max(0, total.differences - total.repaired)
    left = sum(not one.is_done or bool(one.obstacle) for one in found.tables)
    return (
        f"NOT EQUAL: {open_differences:,} differences, {total.dead_letters:,} rows in the dead "
        f"letters, {left} of {_tables(found)} not wholly compared; {took}."
    )


def _tables(found: Findings) -> str:
    count = len(found.tables)
    return f"{count} table{'s' * (count != 1)}"


def obstacle_lines(found: Findings, state: str) -> list[str]:
    """Why tables and rows could not be compared."""
    return [
        *(f"{one.table} was not compared: {one.obstacle}" for one in found.tables if one.obstacle),
        *(
            f"{one.dead_letters:,} rows of {one.table} have no document: see {state}.dead_letters."
            for one in found.tables
            if one.dead_letters
        ),
    ]


def lines_of(difference: Difference) -> list[str]:
    """A difference for people: the key, then each field with both values, if they are known."""
    repaired = ", repaired" if difference.repaired else ""
    head = f"{difference.table} {_key(difference)}: {difference.kind}{repaired}"
    values = _values(difference)
    if not values:
        return [f"{head}: {', '.join(difference.fields)}" if difference.fields else head]
    return [head] + [
        f"    {name}: {source} in the source, {target} in the target"
        for name, (source, target) in values.items()
    ]


def _values(difference: Difference) -> dict[str, tuple[str, str]]:
    """Both values of each field that differs; empty if they are not known."""
    row, document = difference.row, difference.document
    if row is None or document is None:
        return {}
    return {
        name: (_value(name, row, document), _value(name, document, row))
        for name in difference.fields
    }


def _value(name: str, side: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    if name not in {*side, *other}:  # The order of the fields.
        return ", ".join(side)
    return shown(form(side.get(name, Absent())))


def _key(difference: Difference) -> str:
    key = difference.key
    if not isinstance(key, Mapping):
        return _part(key)
    return "{" + ", ".join(f"{name}: {_part(value)}" for name, value in key.items()) + "}"


def _part(value: Any) -> str:
    if isinstance(value, bytes):
        return value.hex()
    return repr(value) if isinstance(value, str) else str(value)


def report(found: Findings, differences: Sequence[Difference]) -> dict[str, Any]:
    """The same for machines, with all differences that were kept."""
    return {
        "equal": found.is_equal,
        "tables": [_table(one) for one in found.tables],
        "differences": [_difference(one) for one in differences],
        "differences_not_kept": max(0, found.total.differences - len(differences)),
    }


def _table(one: TableFindings) -> dict[str, Any]:
    return {
        "table": str(one.table),
        "not_compared": one.obstacle or None,
        **{name: getattr(one, name) for name in COUNTED if name != "looked_again"},
        "looked_at_again": one.looked_again,
        "dead_letters": one.dead_letters,
    }


def _difference(one: Difference) -> dict[str, Any]:
    values = _values(one)
    return {
        "table": str(one.table),
        "kind": one.kind.value,
        "key": _key(one),
        "repaired": one.repaired,
        "fields": [
            {"name": name, "source": values[name][0], "target": values[name][1]}
            if values
            else {"name": name}
            for name in one.fields
        ],
    }


def _counts(found: Findings) -> Table:
    grid = Table(box=None, padding=(0, 2, 0, 0))
    for heading in HEADINGS:
        grid.add_column(heading, justify="left" if heading == "table" else "right")
    for one in found.tables:
        grid.add_row(str(one.table), *(f"{getattr(one, name):,}" for name in COUNTED))
    if len(found.tables) > 1:
        grid.add_row("all", *(f"{getattr(found.total, name):,}" for name in COUNTED), style="bold")
    return grid
