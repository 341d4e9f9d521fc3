"""The one place that reads the clock, so that tests can stop it."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present moment in UTC, to the microsecond that both databases keep."""
    return datetime.now(UTC)
