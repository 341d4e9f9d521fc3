"""Checking an address and a password, within the limits on attempts."""

from tortoise.queryset import QuerySet

from service.accounts.attempts import LogIn
from service.accounts.passwords import password_matches
from service.errors import ErrorCode, reject
from service.models import User
from service.operations.reading.lookups import possible
from service.text.forms import email_keys


async def authenticate(email: str, password: str, address: str = "unknown") -> User:
    """The active user with this e-mail address and password; `address` is the client's.

    Raises `Rejected`: UNAUTHENTICATED, with the same words and after the same time whichever
    of the two is wrong, or TOO_MANY_ATTEMPTS.
    """
    user = await find_active(email)
    account = user.email_key if user is not None else email_keys(email)[0]
    if not await _is_right(user, account, password, address) or user is None:
        raise reject(ErrorCode.UNAUTHENTICATED, "The address or the password is wrong.")
    return user


async def confirm_password(user_id: int, password: str | None, address: str) -> None:
    """Refuse unless this is the user's current password; attempts are limited as at log-in."""
    if password is None:
        message = "Give currentPassword, too: changing the address or the password needs it."
        raise reject(ErrorCode.REQUIRED, message, "currentPassword")
    user = await User.get_or_none(id=user_id)
    if user is None or not await _is_right(user, user.email_key, password, address):
        raise reject(ErrorCode.INVALID, "This is not the current password.", "currentPassword")


async def _is_right(user: User | None, email_key: str, password: str, address: str) -> bool:
    """Whether the password is the user's; the attempt counts even if there is no such user."""
    attempt = LogIn(email_key, address)
    trusted = await attempt.begin()
    password_hash = user.password_hash if user else None
    matches = await password_matches(password_hash, password, trusted=trusted)
    if matches:
        await attempt.succeeded(trusted=trusted)
    return matches


async def find(email: str) -> User | None:
    """The user with this address, however it is typed."""
    return await _first(email, User.all())


async def find_active(email: str) -> User | None:
    """The active user with this address."""
    return await _first(email, User.filter(active=True))


async def _first(email: str, users: QuerySet[User]) -> User | None:
    keys = possible(User, "email_key", *email_keys(email))
    found = {user.email_key: user for user in await users.filter(email_key__in=keys)}
    return next((found[key] for key in keys if key in found), None)
