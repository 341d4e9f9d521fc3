"""Password hashing with argon2id, off the event loop and never too many at once."""

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
"""More wait longer than people do; they are told to come again."""

# OWASP's argon2id parameters: 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class _Lane:
    """One hash at a time, and a bounded number that wait for it."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for the lane. Raises `Rejected` (TOO_MANY_ATTEMPTS) if too many do already."""
        if self._waiting >= WAITING_MAX:
            raise too_many("Many people do so at this moment; try again in a few seconds.")
        self._waiting += 1
        try:
            async with self._turn:
                yield
        finally:
            self._waiting -= 1


@functools.cache
def _lane(_loop: asyncio.AbstractEventLoop, *, trusted: bool) -> _Lane:
    """The lane of those who have been here before, which no crowd of strangers can fill."""
    return _Lane()


async def hash_password(password: str, *, trusted: bool = False) -> str:
    """The argon2id hash of the password's normal form, in PHC string form."""
    async with _lane(asyncio.get_running_loop(), trusted=trusted).turn():
        return await asyncio.to_thread(_HASHER.hash, normal_password(password))


async def password_matches(
    password_hash: str | None, password: str, *, trusted: bool = False
) -> bool:
    """Whether the password is right; an unknown user (None) takes as long as a known one."""
    # Older hashes are of the password as it was typed. Both forms are tried, whatever the
    # first one's answer, so that the time tells only what the caller has typed himself.
    forms = dict.fromkeys((normal_password(password), password))
    async with _lane(asyncio.get_running_loop(), trusted=trusted).turn():
        # Made for known accounts, too: the first guess takes the same time at either.
        nobodys = await asyncio.to_thread(_nobodys_hash)
        known = password_hash or nobodys
        matches = [await asyncio.to_thread(_verify, known, form) for form in forms]
    return any(matches) and bool(password_hash)


@functools.cache
def _nobodys_hash() -> str:
    """What a guess at an unknown account is compared with."""
    return _HASHER.hash(secrets.token_hex())


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
