"""What the exit status of each command means."""

from enum import IntEnum

from migrator.errors import ConfigurationError, HalfFailed, MigratorError


class Exit(IntEnum):
    """Statuses; `--help` explains them."""

    COMPLETE = 0
    FAILED = 1
    CONFIGURATION = 2
    INCOMPLETE = 3
    """It finished, but with dead letters or tables that are not wholly copied."""
    RETRYABLE = 75
    """Of `capture` and `apply`: the same command may succeed later (EX_TEMPFAIL of sysexits.h)."""
    INTERRUPTED = 130
    """It was stopped by Ctrl-C or SIGTERM, cleanly."""


def exit_for(error: MigratorError) -> Exit:
    """The status of a command that ends with this error."""
    if isinstance(error, ConfigurationError):
        return Exit.CONFIGURATION
    if isinstance(error, HalfFailed) and error.status == Exit.CONFIGURATION:
        return Exit.CONFIGURATION
    return Exit.RETRYABLE if error.retryable else Exit.FAILED
