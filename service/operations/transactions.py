"""One unit of work: all of it or nothing, tried again when the database asks for it."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pymysql.constants import ER
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential
from tortoise.exceptions import IntegrityError, OperationalError
from tortoise.transactions import in_transaction

T = TypeVar("T")

ATTEMPTS_MAX = 5
BACKOFF_MAX_S = 0.2
_TRANSIENT_MYSQL_ERRORS = {ER.LOCK_DEADLOCK, ER.LOCK_WAIT_TIMEOUT, ER.CHECKREAD}


def is_transient(error: BaseException) -> bool:
    """Whether the database rolled the work back only because of somebody else's."""
    cause = error.args[0] if isinstance(error, OperationalError) and error.args else None
    code = cause.args[0] if isinstance(cause, Exception) and cause.args else None
    return code in _TRANSIENT_MYSQL_ERRORS


def is_transient_or_duplicate(error: BaseException) -> bool:
    """As `is_transient`, or a unique key was taken after the work had looked for it."""
    return isinstance(error, IntegrityError) or is_transient(error)


async def in_one_transaction(
    work: Callable[[], Awaitable[T]],
    again_if: Callable[[BaseException], bool] = is_transient,
) -> T:
    """Run `work` in a transaction; start it over, a few times, after an error that `again_if` takes.

    `work` must not spawn tasks: they would share, and outlive, its connection.
    """
    retrying = AsyncRetrying(
        retry=retry_if_exception(again_if),
        stop=stop_after_attempt(ATTEMPTS_MAX),
        wait=wait_random_exponential(multiplier=0.01, max=BACKOFF_MAX_S),
        reraise=True,
    )
    return await retrying(_attempt, work)


async def _attempt(work: Callable[[], Awaitable[T]]) -> T:
    async with in_transaction():
        return await work()
