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
"""The root of the driver's errors; only this room says what each of them means."""
CONTESTED = (DuplicateKeyError, ExecutionTimeout)
"""Another process wrote the document first, or holds it in a transaction."""
DUPLICATE_KEY = 11000
NAMESPACE_EXISTS = 48
INDEX_EXISTS = frozenset({85, 86})  # Under another name, or with other options.
TRANSIENT = "TransientTransactionError"
UNKNOWN_COMMIT = "UnknownTransactionCommitResult"
NOT_ALLOWED = {13, 18, 8000}
# There is no primary at the moment, the server shuts down, an operator or a successor killed
# the operation, or it took too long: the same operation may succeed a moment later.
RETRYABLE = {6, 7, 50, 64, 89, 91, 112, 189, 237, 251, 262, 267, 11600, 11601, 11602, 9001}
RETRYABLE |= {10058, 10107, 13435, 13436, 225}

REFUSALS = {
    2: "MongoDB refuses a value in it.",
    9: "MongoDB cannot read it.",
    14: "A value has a type that MongoDB does not accept there.",
    15: "It is nested deeper than MongoDB allows.",
    22: "It is not valid BSON.",
    52: "The name of a field begins with a dollar sign.",
    53: "MongoDB does not accept its _id.",
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
"""Codes with which MongoDB refuses one document, independently of its neighbours."""

COMMAND_REFUSALS = (10334, 15, 22)
"""Those with which it refuses the whole command because of one document in it."""


@contextmanager
def mapped_errors(deed: str) -> Iterator[None]:
    """Turn the driver's errors into ours; `deed` is what MongoDB was asked to do, a verb first."""
    try:
        yield
    except (PyMongoError, BSONError) as error:
        if _is_being_cancelled():
            # A cancelled operation goes on in the driver's thread, and may fail there afterwards.
            raise asyncio.CancelledError from error
        raise mapped_error(error, deed) from error


def _is_being_cancelled() -> bool:
    try:
        task = asyncio.current_task()
    except RuntimeError:  # No loop runs: settings are being read.
        return False
    return task is not None and task.cancelling() > 0


def mapped_error(error: PyMongoError | BSONError, deed: str) -> TargetError | ConfigurationError:
    """Our error for the driver's, without the server's own text where it could repeat a row."""
    if isinstance(error, DriverConfigurationError | InvalidName):
        return ConfigurationError(
            f"The target's settings do not work: failed to {deed}: {error}. Correct the target's "
            "URL, or the names of its databases."
        )
    if is_retryable(error):
        return TargetUnavailable(
            f"MongoDB did not answer, or has no primary, when asked to {deed} ({_name(error)}). "
            "Check that it runs, and that the target's URL leads to it."
        )
    if isinstance(error, OperationFailure) and error.code in NOT_ALLOWED:
        return TargetError(
            f"MongoDB does not allow this user to {deed}. Grant it the roles readWriteAnyDatabase "
            "and killAnySession, or check the name and the password in the target's URL."
        )
    return TargetError(
        f"MongoDB refused to {deed} ({_name(error)}). Correct what its log reports for this time, "
        "and start the migrator again: it continues from what has landed."
    )


def is_retryable(error: PyMongoError | BSONError) -> bool:
    """Whether the same operation may succeed on another attempt."""
    if not isinstance(error, PyMongoError):
        return False
    if isinstance(error, ConnectionFailure | WTimeoutError):
        return True
    if error.has_error_label(TRANSIENT) or error.has_error_label(UNKNOWN_COMMIT):
        return True
    return isinstance(error, OperationFailure) and error.code in RETRYABLE


def is_write_conflict(error: PyMongoError) -> bool:
    """Whether another process wrote or inserted the same document in the meantime."""
    conflict = error.has_error_label(TRANSIENT) and not isinstance(error, ConnectionFailure)
    return conflict or (isinstance(error, OperationFailure) and error.code == DUPLICATE_KEY)


def _name(error: PyMongoError | BSONError) -> str:
    if isinstance(error, OperationFailure) and error.code is not None:
        details = error.details or {}
        return f"{details.get('codeName', type(error).__name__)}, code {error.code}"
    return type(error).__name__
