"""How much is measured: a run that is kept, and a trial that only shows that all of it works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """Rows, transactions and seconds of each measurement."""

    products: int
    orders: int
    narrow: int
    wide: int
    logged: int
    """Rows of each table of the shop in the stretch of the binlog with multi-row events."""
    logged_narrow: int
    logged_wide: int
    single: int
    """Transactions of one row each."""
    runs: int
    """Of each reader of the binlog; medians count."""
    drained: int
    """Changed rows of a backlog."""
    step_s: float
    """Length of one try of a rate."""
    latency_s: float
    kills: int
    """Of each half."""
    small_rows: int
    """Of the table that is copied while memory is watched."""


KEPT = Sizes(
    products=200_000,
    orders=300_000,
    narrow=300_000,
    wide=50_000,
    logged=40_000,
    logged_narrow=200_000,
    logged_wide=20_000,
    single=30_000,
    runs=2,
    drained=120_000,
    step_s=8.0,
    latency_s=20.0,
    kills=3,
    small_rows=10_000_000,
)
TRIAL = Sizes(
    products=2_000,
    orders=3_000,
    narrow=10_000,
    wide=1_000,
    logged=2_000,
    logged_narrow=10_000,
    logged_wide=1_000,
    single=2_000,
    runs=1,
    drained=2_000,
    step_s=3.0,
    latency_s=5.0,
    kills=1,
    small_rows=200_000,
)
