"""Accounts: registering, changing, logging in and out."""

from datetime import datetime

import strawberry

from service.accounts import log_in
from service.models import UserRole
from service.operations import users
from service.schema.mutations.payloads import Payload, mutation
from service.schema.relay.context import Info
from service.schema.relay.ids import row_id, row_id_or_none
from service.schema.types.users import User


@strawberry.input(description="An account to be opened.")
class RegisterUserInput:
    """The password has at least ten characters."""

    email: str
    password: str
    full_name: str


@strawberry.type
class RegisterUserPayload(Payload):
    """The new customer."""

    user: User | None = None


@strawberry.input(description="What to change of an account; what is left out stays.")
class UpdateUserInput:
    """Only administrators change roles, or other people's accounts."""

    id: strawberry.ID
    email: str | None = None
    password: str | None = strawberry.field(default=None, description="It ends all tokens.")
    current_password: str | None = strawberry.field(
        default=None, description="Needed to change one's own address or password."
    )
    full_name: str | None = None
    role: UserRole | None = None
    active: bool | None = None


@strawberry.type
class UpdateUserPayload(Payload):
    """The account as it is now."""

    user: User | None = None


@strawberry.input(description="An address and its password.")
class LogInInput:
    """As given to registerUser."""

    email: str
    password: str


@strawberry.type
class LogInPayload(Payload):
    """A bearer token, and who it stands for."""

    token: str | None = None
    expires_at: datetime | None = None
    user: User | None = None


@strawberry.input(description="Whose tokens end; without a user, the caller's.")
class LogOutInput:
    """Administrators may end those of others."""

    user_id: strawberry.ID | None = None


@strawberry.type
class LogOutPayload(Payload):
    """Whose tokens have ended."""

    user: User | None = None


@strawberry.type
class UserMutation:
    """For everybody, and for administrators."""

    @mutation
    async def register_user(
        self,
        info: Info,
        input: RegisterUserInput,
    ) -> RegisterUserPayload | None:
        """Open a customer's account."""
        new = users.NewUser(email=input.email, password=input.password, full_name=input.full_name)
        context = info.context
        row = await users.open_account(context.caller, new, context.origin.address)
        return RegisterUserPayload(user=User.of(row))

    @mutation
    async def update_user(self, info: Info, input: UpdateUserInput) -> UpdateUserPayload | None:
        """Change an account."""
        changes = users.UserChanges(
            email=input.email,
            password=input.password,
            full_name=input.full_name,
            role=input.role,
            active=input.active,
            current_password=input.current_password,
        )
        context, key = info.context, row_id(input.id, "User", "id")
        row = await users.update_user(context.caller, key, changes, context.origin.address)
        return UpdateUserPayload(user=User.of(row))

    @mutation
    async def log_in(self, info: Info, input: LogInInput) -> LogInPayload | None:
        """Get a token for the header `Authorization: Bearer ...`."""
        address = info.context.origin.address
        row = await log_in.authenticate(input.email, input.password, address)
        token, expires_at = info.context.tokens.issue(row)
        return LogInPayload(token=token, expires_at=expires_at, user=User.of(row))

    @mutation
    async def log_out(self, info: Info, input: LogOutInput) -> LogOutPayload | None:
        """End all tokens of a user, on every device."""
        user = row_id_or_none(input.user_id, "User", "userId")
        return LogOutPayload(user=User.of(await users.log_out(info.context.caller, user)))
