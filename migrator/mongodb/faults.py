"""What an error of MongoDB's driver means to us. Source of the codes: mongo, error_codes.yml."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from bson.errors import BSONError
from pymongo.errors import (
    ConfigurationError as DriverConfigurationError,
)
from pymongo.errors import (
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    InvalidName,
    OperationFailure,
    PyMongoError,
    WTimeoutError,
)

from migrator.errors import ConfigurationError, TargetError, TargetUnavailable

DriverError = PyMongoError
"""Whatever the driver raises; only this room says what it means."""
CONTESTED = (DuplicateKeyError, ExecutionTimeout)
"""Another process wrote the document first, or holds it in a transaction."""
DUPLICATE_KEY = 11000
NAMESPACE_EXISTS = 48
TRANSIENT = "TransientTransactionError"
UNKNOWN_COMMIT = "UnknownTransactionCommitResult"
NOT_ALLOWED = {13, 18, 8000}
# No primary just now, shutting down, killed by an operator or by a successor, no answer
# in time: the same step may succeed a moment later.
PASSING = {6, 7, 50, 64, 89, 91, 112, 189, 237, 251, 262, 267, 11600, 11601, 11602, 9001}
PASSING |= {10058, 10107, 13435, 13436, 225}

REFUSALS = {
    2: "MongoDB refuses a value in it.",
    9: "MongoDB cannot read it.",
    14: "A value has a type that MongoDB does not take there.",
    15: "It is nested deeper than MongoDB allows.",
    22: "It is not valid BSON.",
    52: "The name of a field begins with a dollar sign.",
    53: "MongoDB does not take its _id.",
    56: "A field has an empty name.",
    57: "The name of a field holds a dot.",
    66: "Its _id cannot be changed.",
    121: "It does not match the validator of the collection.",
    171: "An index cannot hold two arrays of one document.",
    10334: "It is larger than MongoDB's limit of 16 MiB.",
    DUPLICATE_KEY: "A unique index of the collection holds its value already.",
    16572: "An index cannot read its geometry.",
    16755: "An index cannot read its geometry.",
    17280: "A value is too large for an index.",
    17419: "It is larger than MongoDB's limit of 16 MiB.",
    17420: "It is larger than MongoDB's limit of 16 MiB.",
}
"""Codes by which MongoDB refuses one document, whatever its neighbours are."""

COMMAND_REFUSALS = (10334, 15, 22)
"""Those of them by which it refuses the whole command because of one document in it."""


@contextmanager
def mapped_errors(deed: str) -> Iterator[None]:
    """Turn the driver's errors into ours; `deed` completes the sentence "MongoDB ... to"."""
    try:
        yield
    except (PyMongoError, BSONError) as error:
        if _is_being_cancelled():
            # What is cancelled goes on in the driver's thread, and disturbs its own ending.
            raise asyncio.CancelledError from error
        raise translated(error, deed) from error


def _is_being_cancelled() -> bool:
    try:
        task = asyncio.current_task()
    except RuntimeError:  # No loop runs: settings are being read.
        return False
    return task is not None and task.cancelling() > 0


def translated(error: PyMongoError | BSONError, deed: str) -> TargetError | ConfigurationError:
    """Our error for the driver's.

    The server's own text is left out where it could repeat what a row holds.
    """
    if isinstance(error, DriverConfigurationError | InvalidName):
        return ConfigurationError(f"The target's settings do not work, failed to {deed}: {error}")
    if is_passing(error):
        return TargetUnavailable(
            f"MongoDB did not answer, or has no primary, when asked to {deed} ({_name(error)}). "
            "Check that it runs, and that the target's URL leads there."
        )
    if isinstance(error, OperationFailure) and error.code in NOT_ALLOWED:
        return TargetError(
            f"MongoDB does not allow this user to {deed}. Grant it the roles readWriteAnyDatabase "
            "and killAnySession, or check the name and the password in the target's URL."
        )
    return TargetError(
        f"MongoDB refused to {deed} ({_name(error)}). Correct what its log reports at this time, "
        "and start again: the migrator goes on from what has landed."
    )


def is_passing(error: PyMongoError | BSONError) -> bool:
    """Whether the same may succeed when it is begun anew."""
    if not isinstance(error, PyMongoError):
        return False
    if isinstance(error, ConnectionFailure | WTimeoutError):
        return True
    if error.has_error_label(TRANSIENT) or error.has_error_label(UNKNOWN_COMMIT):
        return True
    return isinstance(error, OperationFailure) and error.code in PASSING


def yields(error: PyMongoError) -> bool:
    """Whether somebody else wrote the same document meanwhile, or made it."""
    conflict = error.has_error_label(TRANSIENT) and not isinstance(error, ConnectionFailure)
    return conflict or (isinstance(error, OperationFailure) and error.code == DUPLICATE_KEY)


def _name(error: PyMongoError | BSONError) -> str:
    if isinstance(error, OperationFailure) and error.code is not None:
        details = error.details or {}
        return f"{details.get('codeName', type(error).__name__)}, code {error.code}"
    return type(error).__name__
