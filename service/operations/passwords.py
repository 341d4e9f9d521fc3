"""Password hashing with argon2id, off the event loop and never too many at once."""

import asyncio
import functools

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from service.texts import normal_password

PASSWORD_LENGTH_MIN = 10
PASSWORD_LENGTH_MAX = 256
HASHES_AT_ONCE_MAX = 2

# OWASP's argon2id parameters: 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@functools.cache
def _slots(_loop: asyncio.AbstractEventLoop) -> asyncio.Semaphore:
    return asyncio.Semaphore(HASHES_AT_ONCE_MAX)


async def hash_password(password: str) -> str:
    """The argon2id hash of the password's normal form, in PHC string form."""
    async with _slots(asyncio.get_running_loop()):
        return await asyncio.to_thread(_HASHER.hash, normal_password(password))


async def password_matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is right; an unknown user (None) takes as long as a known one."""
    # Older hashes are of the password as it was typed. Both forms are tried, whatever the
    # first one's answer, so that the time tells only what the caller has typed himself.
    forms = dict.fromkeys((normal_password(password), password))
    async with _slots(asyncio.get_running_loop()):
        known = password_hash or _nobodys_hash()
        matches = [await asyncio.to_thread(_verify, known, form) for form in forms]
    return any(matches) and password_hash is not None


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False


@functools.cache
def _nobodys_hash() -> str:
    return _HASHER.hash("")
