"""Every error that the service raises on purpose.

    ServiceError
    ├── ConfigurationError     the service must not start like this
    ├── DatabaseUnavailable    nothing was written; try again
    ├── OutcomeUnknown         the connection broke during a commit; look before you repeat
    └── Rejected               the request is understood and refused: one or more `Problem`s

A `Rejected` reaches GraphQL clients as `userErrors`, REST clients as a problem
document, and users of the command line as one sentence. Anything else that escapes
an operation is a defect: it is masked, and logged once with the request's id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class ErrorCode(StrEnum):
    """What a client can act upon; the message that comes with it is for people."""

    REQUIRED = "REQUIRED"
    INVALID = "INVALID"
    TOO_LONG = "TOO_LONG"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    TAKEN = "TAKEN"
    NOT_FOUND = "NOT_FOUND"
    OUT_OF_STOCK = "OUT_OF_STOCK"
    NOT_FOR_SALE = "NOT_FOR_SALE"
    UNPAID_LIMIT = "UNPAID_LIMIT"
    CURRENCY_MISMATCH = "CURRENCY_MISMATCH"
    ILLEGAL_TRANSITION = "ILLEGAL_TRANSITION"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    TOO_MANY_ATTEMPTS = "TOO_MANY_ATTEMPTS"
    ALREADY_RUNNING = "ALREADY_RUNNING"


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason for a refusal.

    `field` is the path of the offending input, in the client's own spelling,
    for instance `("products", "3", "sku")`; empty when no single field is at fault.
    """

    code: ErrorCode
    message: str
    field: tuple[str, ...] = ()

    def under(self, *prefix: str) -> "Problem":
        """The same problem, seen from an enclosing input."""
        return Problem(self.code, self.message, (*prefix, *self.field))


class ServiceError(Exception):
    """The root of the tree; `retryable` says whether the same call may succeed later."""

    retryable = False


class ConfigurationError(ServiceError):
    """A setting is missing, malformed or unsafe; the message names it and the remedy."""


class DatabaseUnavailable(ServiceError):
    """The database could not be reached in time, and nothing was written."""

    retryable = True


class OutcomeUnknown(ServiceError):
    """The connection broke while a change was being committed: it is there or it is not."""


class Rejected(ServiceError):
    """An expected refusal, with every problem that was found."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


def reject(code: ErrorCode, message: str, *field: str) -> Rejected:
    """A `Rejected` with a single problem."""
    return Rejected(Problem(code, message, field))


def raise_if_any(problems: Sequence[Problem]) -> None:
    """Raise one `Rejected` with all the problems, if there are any."""
    if problems:
        raise Rejected(*problems)
