"""How far a migration has come, how fast it goes and what is left. Pure functions.

The counts come from MongoDB, where the data landed; the halves' own reports add what only they
know.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from migrator.model.state import Landed, TableCopy
from migrator.model.table import TableName
from migrator.observe.reports import ApplyReport, CaptureReport

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen at one moment.

    `at_s` is on a clock that never goes back, `now_us` the time of day in microseconds
    since 1970. `depth` messages wait in RabbitMQ, and `behind` transactions of the
    source have not landed; None if unknown. `dead_letters` counts them by table. `suspects` is how
    often foreign keys may have changed rows that have not been read again yet.
    """

    at_s: float
    now_us: int
    tables: tuple[TableCopy, ...] = ()
    landed: tuple[Landed, ...] = ()
    capture: CaptureReport | None = None
    apply: ApplyReport | None = None
    depth: int | None = None
    behind: int | None = None
    dead_letters: Mapping[str, int] = field(default_factory=dict)
    suspects: int = 0

    @property
    def committed_at(self) -> int:
        """The commit time of the newest transaction that landed, 0 before the first."""
        return max((landed.committed_at for landed in self.landed), default=0)

    @property
    def transactions(self) -> int:
        """How many source transactions have landed since the migration began."""
        return sum(landed.transactions for landed in self.landed)


@dataclass(frozen=True, slots=True)
class TableProgress:
    """The copy of one table; rates are rows per second, None while unknown.

    A table that is `left_out` is neither copied nor followed.
    """

    table: TableName
    rows: int
    estimated_rows: int
    rate: float | None
    left_s: float | None
    done: bool
    left_out: bool = False

    @property
    def fraction(self) -> float:
        """From 0 to 1; only a table that is done has 1."""
        if self.done:
            return 1.0
        return min(self.rows / self.estimated_rows, 0.999) if self.estimated_rows else 0.0


@dataclass(frozen=True, slots=True)
class StreamProgress:
    """How the stream follows the source: rates per second, lag in seconds and transactions."""

    rows_rate: float | None
    transactions_rate: float | None
    lag_s: float | None
    behind: int | None
    depth: int | None
    committed_at: int
    blocked: bool


@dataclass(frozen=True, slots=True)
class ProgressReport:
    """Everything that the display shows."""

    tables: tuple[TableProgress, ...]
    stream: StreamProgress
    dead_letters: int

    @property
    def rows(self) -> int:
        """The rows copied, of all tables."""
        return sum(table.rows for table in self.tables)

    @property
    def copied(self) -> bool:
        """Whether every table that has begun is done, or left out."""
        return bool(self.tables) and all(table.done or table.left_out for table in self.tables)

    @property
    def left_s(self) -> float | None:
        """The time until the last table is copied, at the present rate of all tables together."""
        if self.copied:
            return 0.0
        rate = sum(table.rate or 0 for table in self.tables)
        left = sum(table.estimated_rows - table.rows for table in self.tables if not table.left_out)
        return left / rate if rate else None


def progress(history: Sequence[Observation]) -> ProgressReport:
    """The newest of the observations, with rates over the time that all of them span."""
    before, now = history[0], history[-1]
    span_s = now.at_s - before.at_s
    earlier = {copy.table: copy for copy in before.tables}
    return ProgressReport(
        tables=tuple(_table(earlier.get(copy.table), copy, span_s) for copy in now.tables),
        stream=_stream(before, now, span_s),
        dead_letters=sum(now.dead_letters.values()),
    )


def _table(before: TableCopy | None, now: TableCopy, span_s: float) -> TableProgress:
    # Another generation counts its rows from zero.
    same = before is not None and before.generation == now.generation
    rate = _rate(before.rows if before and same else 0, now.rows, span_s)
    left_s: float | None = 0.0 if now.done else None
    if rate and not now.done and now.estimated_rows:
        left_s = max(0, now.estimated_rows - now.rows) / rate
    estimated = now.rows if now.done else max(now.estimated_rows, now.rows)
    left_out = bool(now.left_out)
    return TableProgress(now.table, now.rows, estimated, rate, left_s, now.done, left_out)


def _stream(before: Observation, now: Observation, span_s: float) -> StreamProgress:
    return StreamProgress(
        rows_rate=_rows_rate(before.apply, now.apply, span_s),
        transactions_rate=_rate(before.transactions, now.transactions, span_s),
        lag_s=lag_s(now),
        behind=now.behind,
        depth=now.depth,
        committed_at=now.committed_at,
        blocked=now.capture is not None and now.capture.blocked,
    )


def _rows_rate(before: ApplyReport | None, now: ApplyReport | None, span_s: float) -> float | None:
    if now is None:
        return None
    # Another process counts its rows from zero.
    same = before is not None and before.pid == now.pid
    return _rate(before.rows if before and same else 0, now.rows, span_s)


def _rate(before: int, now: int, span_s: float) -> float | None:
    return max(0, now - before) / span_s if span_s > 0 else None


def lag_s(now: Observation) -> float | None:
    """How old the newest transaction in MongoDB is, in seconds; None before the first.

    It is zero when everything that the source has is there, however old that is.
    """
    if now.behind == 0 or (now.behind is None and _all_landed(now)):
        return 0.0
    if not now.committed_at:
        return None
    return max(0, now.now_us - now.committed_at) / MICROSECONDS


def _all_landed(now: Observation) -> bool:
    capture = now.capture
    if capture is None or not capture.caught_up or now.depth:
        return False
    return not capture.in_flight and now.committed_at >= capture.committed_at
