"""Bearer tokens: a user's id, signed, for a limited time (RFC 7519, HS256)."""

import asyncio
import functools
import secrets
from datetime import datetime, timedelta

import jwt

from service.clock import utc_now
from service.errors import DatabaseUnavailable, ErrorCode, Rejected, reject
from service.models import User
from service.operations.rules.access import Principal

_ALGORITHM = "HS256"
_AUDIENCE = "kooch"
TOKENS_MAX = 1_000
LOOK_UP_TIMEOUT_S = 5
CLOCK_SKEW_MAX_S = 60
"""How far the clocks of replicas may differ: a fresh token is valid on all of them."""


class TokenSigner:
    """Issues and reads tokens; without a secret, a random one serves as long as the process."""

    def __init__(self, secret: str | None, lifetime_s: int) -> None:
        self._secret = secret or secrets.token_hex(32)
        self._lifetime = timedelta(seconds=lifetime_s)
        # A valid signature stays valid, so it is cached; the expiry is checked every time.
        self._verified = functools.lru_cache(TOKENS_MAX)(self._verify)
        self._looked_up: dict[int, asyncio.Task[User | None]] = {}

    def issue(self, user: User) -> tuple[str, datetime]:
        """A token for the user, and the time at which it expires."""
        now = utc_now()
        expires = (now + self._lifetime).replace(microsecond=0)
        claims = {
            "sub": str(user.id),
            "aud": _AUDIENCE,
            "iat": now,
            "exp": expires,
            "ver": user.token_version,
        }
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM), expires

    async def principal(self, token: str) -> Principal:
        """The user of a token, with the role that the user has now.

        Raises `Rejected` (UNAUTHENTICATED) for a token that is malformed, signed by others,
        expired or ended (by a log-out or a new password), and for an inactive user.
        """
        try:
            user_id, expires_s, version = self._verified(token)
        except (jwt.InvalidTokenError, ValueError) as error:
            raise _invalid() from error
        if expires_s <= utc_now().timestamp():
            raise _invalid()
        user = await self._user(user_id)
        if user is None or not user.active:
            raise reject(ErrorCode.UNAUTHENTICATED, "The token's user is not active.")
        if version != user.token_version:
            raise reject(ErrorCode.UNAUTHENTICATED, "The token was ended; please log in again.")
        return Principal(role=user.role, user_id=user.id)

    def _verify(self, token: str) -> tuple[int, int, int]:
        """The user's id, the expiry (seconds since 1970) and the version in a token of ours."""
        claims = jwt.decode(
            token,
            self._secret,
            algorithms=[_ALGORITHM],
            audience=_AUDIENCE,
            leeway=CLOCK_SKEW_MAX_S,
            options={"require": ["exp", "sub"]},
        )
        # Tokens that were issued before there were versions have none.
        return int(claims["sub"]), int(claims["exp"]), int(claims.get("ver", 0))

    async def _user(self, user_id: int) -> User | None:
        """The user as stored now; requests that arrive during a look-up share its result."""
        look_up = self._looked_up.get(user_id)
        if look_up is None:
            look_up = asyncio.create_task(_find(user_id), name="token look-up")
            self._looked_up[user_id] = look_up
            look_up.add_done_callback(lambda _: self._looked_up.pop(user_id))
        return await asyncio.shield(look_up)


def _invalid() -> Rejected:
    return reject(ErrorCode.UNAUTHENTICATED, "The token is not valid, or has expired.")


async def _find(user_id: int) -> User | None:
    try:
        async with asyncio.timeout(LOOK_UP_TIMEOUT_S):
            return await User.get_or_none(id=user_id)
    except TimeoutError as error:
        raise DatabaseUnavailable(
            f"The token's user was not found within {LOOK_UP_TIMEOUT_S} s: the database is slow "
            "to answer. Nothing was changed; please try again."
        ) from error
