"""One unit of work: all of it or nothing, retried when the database asks for it."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_random_exponential
from tortoise.backends.base.client import TransactionContext
from tortoise.transactions import in_transaction

from service.database.faults import is_transient, is_unavailable
from service.errors import DatabaseUnavailable, OutcomeUnknown

T = TypeVar("T")

ATTEMPTS_MAX = 5
BACKOFF_MAX_S = 0.2


async def in_one_transaction(
    work: Callable[[], Awaitable[T]],
    again_if: Callable[[BaseException], bool] = is_transient,
) -> T:
    """Run `work` in a transaction; start over, a few times, after an error that `again_if` accepts.

    Raises `DatabaseUnavailable` when the database still refuses after `ATTEMPTS_MAX`, and
    `OutcomeUnknown` when the connection breaks during the commit, which is not retried.
    `work` must not spawn tasks: they would share, and outlive, its connection.
    """
    retrying = AsyncRetrying(
        retry=retry_if_exception(again_if),
        stop=stop_after_attempt(ATTEMPTS_MAX),
        wait=wait_random_exponential(multiplier=0.01, max=BACKOFF_MAX_S),
        reraise=True,
    )
    try:
        return await retrying(_attempt, work)
    except Exception as error:
        if not is_transient(error):
            raise
        state = "not available" if is_unavailable(error) else "too busy"
        message = f"The database is {state}; nothing was written. Please try again."
        raise DatabaseUnavailable(message) from error


async def _attempt(work: Callable[[], Awaitable[T]]) -> T:
    transaction = in_transaction()
    try:
        client = await transaction.__aenter__()
        if client.capabilities.dialect == "sqlite":
            # Wait for other processes now: SQLite does not wait when a reader becomes a writer.
            await client.execute_query("COMMIT")
            await client.execute_query("BEGIN IMMEDIATE")
        result = await work()
    except BaseException as error:
        await _give_up(transaction, error)
        raise
    try:
        await transaction.__aexit__(None, None, None)
    except Exception as error:
        if is_unavailable(error):
            raise OutcomeUnknown(
                "The connection to the database broke during the commit: the change was made, or "
                "it was not. Look before you repeat it."
            ) from error
        raise
    return result


async def _give_up(transaction: TransactionContext, error: BaseException) -> None:
    """Roll back, and give the connection back even if the rollback or BEGIN itself was cut off."""
    if not hasattr(transaction, "token"):
        return  # The transaction was still waiting for a connection.
    # A cancelled statement closes MySQL's connection: the rollback fails, but the server
    # rolls back by itself, and the caller must see the first error.
    with contextlib.suppress(Exception):
        await transaction.__aexit__(type(error), error, error.__traceback__)
