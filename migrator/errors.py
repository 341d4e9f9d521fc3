"""Every error that the migrator raises on purpose.

    MigratorError
    ├── ConfigurationError      the settings or the selected tables cannot work; nothing was started
    ├── SourceError             MySQL or MariaDB
    │   ├── SourceUnavailable     the connection failed or broke (retryable)
    │   ├── PositionLost          the server no longer has the binlog that is needed
    │   ├── UnsupportedChange     a change that the binlog does not describe row by row
    │   ├── KeyUnreadable         a copy cannot go on after a row's key
    │   ├── BinlogCorrupt         an event contradicts the protocol or its checksum
    │   └── ValueRefused          one row holds a value that BSON cannot; it becomes a dead letter
    ├── BrokerError             RabbitMQ
    │   ├── BrokerUnavailable     the connection failed or broke (retryable)
    │   └── Unroutable            a batch was returned: the queue is gone
    ├── TargetError             MongoDB
    │   ├── TargetUnavailable     the connection failed or there is no primary (retryable)
    │   ├── StateDamaged          a stored position does not match its digest
    │   ├── Gap                   a batch is missing between the stored position and this one
    │   └── Fenced                another process has taken over; this one must end
    └── HalfFailed              the process of capture or apply has ended and is not started again

Each message says what happened, to what, and what to do. `retryable` says that
the same step, started again from the stored position, may succeed.
"""

START_OVER = (
    "To start over: stop the migrator, drop its state database and the copied databases in "
    "MongoDB, delete its queues in RabbitMQ, and run again."
)
"""What remains to do when the log after what landed is lost."""


class MigratorError(Exception):
    """The root of the tree."""

    retryable = False


class ConfigurationError(MigratorError):
    """The settings, a server's set-up or a table's definition rule the migration out."""


class SourceError(MigratorError):
    """MySQL or MariaDB refused something or sent something unexpected.

    `number` is the server's own number of the error, 0 if the server raised none.
    """

    def __init__(self, message: str, number: int = 0) -> None:
        super().__init__(message)
        self.number = number


class SourceUnavailable(SourceError):
    """The source cannot be reached, or the connection broke."""

    retryable = True


class PositionLost(SourceError):
    """The binlog that follows the stored position has been purged or replaced."""


class UnsupportedChange(SourceError):
    """A captured table was changed by an event that does not carry its rows.

    `passable`: an operator may decide to skip the event and copy tables again after it.
    """

    def __init__(self, message: str, *, passable: bool = True) -> None:
        super().__init__(message)
        self.passable = passable


class KeyUnreadable(SourceError):
    """A row of the source has a key that no statement can name."""


class BinlogCorrupt(SourceError):
    """An event contradicts the protocol, the table map, or its own checksum."""


class ValueRefused(SourceError):
    """A row that cannot be migrated.

    `column` names the column at fault and `reason` says why, without the value
    itself: a log must not repeat what the table holds.
    """

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"Column {column}: {reason}")
        self.column = column
        self.reason = reason


class BrokerError(MigratorError):
    """RabbitMQ refused something."""


class BrokerUnavailable(BrokerError):
    """The broker cannot be reached, or the connection broke."""

    retryable = True


class Unroutable(BrokerError):
    """RabbitMQ returned a batch: no queue took it."""

    retryable = True


class TargetError(MigratorError):
    """MongoDB refused something."""


class TargetUnavailable(TargetError):
    """MongoDB cannot be reached, or has no primary."""

    retryable = True


class StateDamaged(TargetError):
    """The state that `_migrator` holds for a partition was changed or damaged."""


class Gap(TargetError):
    """A batch does not follow the one that landed last: something between them was lost."""

    retryable = True


class Fenced(TargetError):
    """A younger process owns this partition now."""


class HalfFailed(MigratorError):
    """The process of one half ended with this status (a signal's number is negative)."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status
