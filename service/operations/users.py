"""Accounts."""

from collections.abc import Mapping
from dataclasses import dataclass

from tortoise.expressions import F

from service.accounts.attempts import count_registration
from service.accounts.log_in import confirm_password, find
from service.accounts.passwords import (
    PASSWORD_LENGTH_MAX,
    PASSWORD_LENGTH_MIN,
    hash_password,
)
from service.clock import utc_now
from service.database.faults import is_transient_or_duplicate
from service.database.transactions import in_one_transaction
from service.errors import ErrorCode, Rejected, reject
from service.models import User, UserRole
from service.models.user import FULL_NAME_LENGTH_MAX
from service.operations.reading.lookups import possible
from service.operations.rules.access import (
    LOCAL_ADMIN,
    Principal,
    acting_user,
    require,
    require_self,
)
from service.operations.rules.validation import Checks
from service.text.forms import email_key, email_keys, is_storable, normal_password


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """The input of `register_user`."""

    email: str
    password: str
    full_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserChanges:
    """The input of `update_user`; None leaves a value as it is."""

    email: str | None = None
    password: str | None = None
    full_name: str | None = None
    role: UserRole | None = None
    active: bool | None = None
    current_password: str | None = None
    """Required to change the address or password of one's own account."""

    @property
    def concerns_credentials(self) -> bool:
        """Whether it changes the address or the password."""
        return self.email is not None or self.password is not None

    @property
    def ends_tokens(self) -> bool:
        """Whether tokens that were issued before become invalid."""
        return self.password is not None or self.active is False


async def open_account(caller: Principal, new: NewUser, address: str) -> User:
    """Register a customer. Registrations from one network address are limited, except by staff."""
    if not caller.is_staff:
        await count_registration(address)
    return await register_user(new)


async def register_user(new: NewUser, role: UserRole = UserRole.CUSTOMER) -> User:
    """Open an account. Raises `Rejected` for bad values and a taken address."""
    checks = Checks()
    email = checks.email(new.email, "email")
    full_name = checks.text(new.full_name, "fullName", FULL_NAME_LENGTH_MAX)
    _check_password(checks, new.password)
    checks.raise_if_any()
    password_hash = await hash_password(new.password)

    async def work() -> User:
        await _raise_if_taken(new.email)
        now = utc_now()
        return await User.create(
            email=email,
            email_key=email_key(email),
            password_hash=password_hash,
            full_name=full_name,
            role=role,
            created_at=now,
            updated_at=now,
        )

    return await in_one_transaction(work, again_if=is_transient_or_duplicate)


def _check_password(checks: Checks, password: str) -> None:
    if not PASSWORD_LENGTH_MIN <= len(normal_password(password)) <= PASSWORD_LENGTH_MAX:
        limits = f"{PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX}"
        checks.add(ErrorCode.OUT_OF_RANGE, f"A password has {limits} characters.", "password")
    elif not is_storable(password):
        checks.add(ErrorCode.INVALID, "password has characters that cannot be stored.", "password")


async def _raise_if_taken(email: str, user_id: int = 0) -> None:
    keys = possible(User, "email_key", *email_keys(email))
    if await User.filter(email_key__in=keys).exclude(id=user_id).exists():
        raise reject(ErrorCode.TAKEN, "There is an account with this address already.", "email")


async def promote(email: str, password: str) -> User:
    """Make an existing account an administrator's, with a new password."""
    user = await find(email)
    if user is None:
        raise unknown_user("email")
    changes = UserChanges(password=password, role=UserRole.ADMIN, active=True)
    return await update_user(LOCAL_ADMIN, user.id, changes)


async def update_user(
    caller: Principal, user_id: int, changes: UserChanges, address: str = "unknown"
) -> User:
    """Change what is given: users their own account, administrators any, and roles.

    A new password and a deactivation end the account's tokens. The last active administrator
    must stay one: without any, no role could be changed. Attempts at the current password are
    counted for the network address `address`.
    """
    require_self(caller, user_id)
    if changes.role is not None or changes.active is not None or user_id != caller.user_id:
        require(caller, UserRole.ADMIN)
    values = _checked(changes)
    if changes.concerns_credentials and user_id == caller.user_id:
        await confirm_password(user_id, changes.current_password, address)
    if changes.password is not None:
        values["password_hash"] = await hash_password(changes.password, trusted=True)
    if changes.ends_tokens:
        values["token_version"] = F("token_version") + 1
    demoted = changes.role not in {None, UserRole.ADMIN}

    async def work() -> User:
        if demoted or changes.active is False:
            await _raise_if_last_administrator(user_id, "role" if demoted else "active")
        if changes.email is not None:
            await _raise_if_taken(changes.email, user_id)
        return await _changed(user_id, "id", values | {"updated_at": utc_now()})

    return await in_one_transaction(work, again_if=is_transient_or_duplicate)


def _checked(changes: UserChanges) -> dict[str, object]:
    """The given values in their normal form, by column; the password is hashed later."""
    checks = Checks()
    values: dict[str, object] = {"role": changes.role, "active": changes.active}
    if changes.email is not None:
        email = checks.email(changes.email, "email")
        values |= {"email": email, "email_key": email_key(email)}
    if changes.full_name is not None:
        values["full_name"] = checks.text(changes.full_name, "fullName", FULL_NAME_LENGTH_MAX)
    if changes.role is not None:
        checks.choice(changes.role, "role")
    if changes.password is not None:
        _check_password(checks, changes.password)
    checks.raise_if_any()
    return {column: value for column, value in values.items() if value is not None}


async def _changed(user_id: int, field: str, values: Mapping[str, object]) -> User:
    """Update the user and return it; `field` is the input that names the user."""
    await User.filter(id=user_id).update(**values)
    user = await User.get_or_none(id=user_id)
    if user is None:
        raise unknown_user(field)
    return user


async def _raise_if_last_administrator(user_id: int, field: str) -> None:
    # All administrators are locked, in one order: of two who demote each other, one waits and
    # then finds that it is the last.
    administrators = User.filter(role=UserRole.ADMIN, active=True).order_by("id")
    if [user.id for user in await administrators.select_for_update()] == [user_id]:
        message = "This is the only active administrator. Make another user one first."
        raise reject(ErrorCode.FORBIDDEN, message, field)


async def log_out(caller: Principal, user_id: int | None) -> User:
    """End all tokens of the user, by default the caller; administrators end those of others."""
    chosen = acting_user(caller, user_id, "userId")
    if chosen != caller.user_id:
        require(caller, UserRole.ADMIN)

    ended = {"token_version": F("token_version") + 1}
    return await in_one_transaction(lambda: _changed(chosen, "userId", ended))


def unknown_user(*field: str) -> Rejected:
    """The refusal for an id that no user has."""
    return reject(ErrorCode.NOT_FOUND, "There is no such user.", *field)


async def staff_ids() -> list[int]:
    """The ids of all active staff and administrators."""
    staff = User.filter(role__in=[UserRole.STAFF, UserRole.ADMIN], active=True).order_by("id")
    return [user_id for (user_id,) in await staff.values_list("id")]
