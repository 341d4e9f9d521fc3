"""Password hashing with argon2id, off the event loop and one at a time."""

import asyncio
import functools
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from service.accounts.attempts import too_many
from service.text.forms import normal_password

PASSWORD_LENGTH_MIN = 10
PASSWORD_LENGTH_MAX = 256
WAITING_MAX = 100
"""With more, the wait would be longer than people's patience; the rest are refused."""

# OWASP's argon2id parameters: 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class _HashQueue:
    """Computes one hash at a time, with a bounded queue."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn. Raises `Rejected` (TOO_MANY_ATTEMPTS) if too many wait already."""
        if self._waiting >= WAITING_MAX:
            raise too_many("Many people are logging in at the moment; try again in a few seconds.")
        self._waiting += 1
        try:
            async with self._turn:
                yield
        finally:
            self._waiting -= 1


@functools.cache
def _hash_queue(_loop: asyncio.AbstractEventLoop, *, trusted: bool) -> _HashQueue:
    """Trusted addresses have a queue of their own, which a crowd of strangers cannot fill."""
    return _HashQueue()


async def hash_password(password: str, *, trusted: bool = False) -> str:
    """The argon2id hash of the password's normal form, in PHC string form."""
    async with _hash_queue(asyncio.get_running_loop(), trusted=trusted).turn():
        return await asyncio.to_thread(_HASHER.hash, normal_password(password))


async def password_matches(
    password_hash: str | None, password: str, *, trusted: bool = False
) -> bool:
    """Whether the password is right; an unknown user (None) takes as long as a known one."""
    # Older hashes are of the password as it was typed. Both forms are always tried, so that
    # the time depends only on what the caller typed.
    forms = dict.fromkeys((normal_password(password), password))
    async with _hash_queue(asyncio.get_running_loop(), trusted=trusted).turn():
        # Made for known accounts, too, so that the first guess takes the same time for both.
        decoy = await asyncio.to_thread(_decoy_hash)
        known = password_hash or decoy
        matches = [await asyncio.to_thread(_verify, known, form) for form in forms]
    return any(matches) and bool(password_hash)


@functools.cache
def _decoy_hash() -> str:
    """The hash with which a guess at an unknown account is compared."""
    return _HASHER.hash(secrets.token_hex())


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
