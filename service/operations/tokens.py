"""Bearer tokens: who somebody is, signed, for a limited time (RFC 7519, HS256)."""

import secrets
from datetime import datetime, timedelta

import jwt

from service.clock import utc_now
from service.errors import ErrorCode, reject
from service.models import User
from service.operations.access import Principal

_ALGORITHM = "HS256"
_AUDIENCE = "kooch"


class TokenSigner:
    """Issues and reads tokens under one secret; a random one lives as long as the process."""

    def __init__(self, secret: str | None, lifetime_s: int) -> None:
        self._secret = secret or secrets.token_hex(32)
        self._lifetime = timedelta(seconds=lifetime_s)

    def issue(self, user: User) -> tuple[str, datetime]:
        """A token for the user, and when it expires."""
        now = utc_now()
        expires = (now + self._lifetime).replace(microsecond=0)
        claims = {"sub": str(user.id), "aud": _AUDIENCE, "iat": now, "exp": expires}
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM), expires

    async def principal(self, token: str) -> Principal:
        """Whom a token stands for, with the role of this moment.

        Raises `Rejected` (UNAUTHENTICATED) for a token that is malformed, foreign or
        expired, and for a user who is no longer active.
        """
        try:
            claims = jwt.decode(
                token,
                self._secret,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                options={"require": ["exp", "sub"]},
            )
            user = await User.get_or_none(id=int(claims["sub"]))
        except (jwt.InvalidTokenError, ValueError) as error:
            raise reject(
                ErrorCode.UNAUTHENTICATED, "The token is not valid, or has expired."
            ) from error
        if user is None or not user.active:
            raise reject(ErrorCode.UNAUTHENTICATED, "The token's user is not active.")
        return Principal(role=user.role, user_id=user.id)
