"""What a verification has found, table by table: how far it is, and the verdict. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from migrator.model.state import TableCopy
from migrator.model.table import TableName
from migrator.state.verification import TableVerification


@dataclass(frozen=True, slots=True)
class TableFindings:
    """Counts of one table of about `estimated_rows`.

    `obstacle` says why it is not compared, or not to its end. Rows in the `dead_letters` have
    no document, and so cannot be equal to it.
    """

    table: TableName
    estimated_rows: int = 0
    compared: int = 0
    equal: int = 0
    different: int = 0
    missing: int = 0
    extra: int = 0
    looked_again: int = 0
    repaired: int = 0
    dead_letters: int = 0
    is_done: bool = False
    obstacle: str = ""

    @property
    def differences(self) -> int:
        """How many rows or documents were not equal when they were judged."""
        return self.different + self.missing + self.extra

    @property
    def is_equal(self) -> bool:
        """Whether every row was compared, and is its document, if need be since it was repaired."""
        is_whole = self.is_done and not self.obstacle
        return is_whole and not self.dead_letters and self.differences <= self.repaired

    @property
    def fraction(self) -> float:
        """From 0 to 1; only a table that is done has 1."""
        if self.is_done:
            return 1.0
        return min(self.compared / self.estimated_rows, 0.999) if self.estimated_rows else 0.0


@dataclass(frozen=True, slots=True)
class Findings:
    """All tables, at `at_s` on a clock that never goes back."""

    at_s: float
    tables: tuple[TableFindings, ...]

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to be compared."""
        return all(one.is_done or one.obstacle for one in self.tables)

    @property
    def is_equal(self) -> bool:
        """Whether every table was compared, and is equal; False without any table."""
        return bool(self.tables) and all(one.is_equal for one in self.tables)

    @property
    def total(self) -> TableFindings:
        """The sums over all tables."""
        names = (
            "estimated_rows", "compared", "equal", "different", "missing", "extra",
            "looked_again", "repaired", "dead_letters",
        )  # fmt: skip
        sums = {name: sum(getattr(one, name) for one in self.tables) for name in names}
        return TableFindings(TableName("", "all"), **sums, is_done=self.is_done)


def findings_of(
    copy: TableCopy, verification: TableVerification | None, estimated_rows: int
) -> TableFindings:
    """What has been found of a table; None: its verification has not begun."""
    obstacle = ""
    if copy.left_out:
        obstacle = f"It is left out: {copy.left_out}"
    elif not copy.parts:
        obstacle = "The source has no such table any more."
    if verification is None:
        return TableFindings(copy.table, estimated_rows, obstacle=obstacle)
    return TableFindings(
        table=copy.table,
        estimated_rows=estimated_rows,
        compared=verification.compared,
        equal=verification.equal,
        different=verification.different,
        missing=verification.missing,
        extra=verification.extra,
        looked_again=verification.again,
        repaired=verification.repaired,
        dead_letters=verification.dead_letters,
        is_done=verification.done,
        obstacle=obstacle or verification.why_not,
    )


def rates(seen: Sequence[Findings]) -> dict[TableName, float]:
    """Rows compared per second of each table, between the first and the last look."""
    before, now = seen[0], seen[-1]
    span_s = now.at_s - before.at_s
    earlier = {one.table: one.compared for one in before.tables}
    if span_s <= 0:
        return {}
    return {
        one.table: max(0, one.compared - earlier.get(one.table, 0)) / span_s for one in now.tables
    }
