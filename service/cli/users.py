"""`users`: administrators, and tokens."""

import sys
from typing import Annotated

import typer

from service.accounts.log_in import find_active
from service.accounts.tokens import TokenSigner
from service.cli.terminal import agree, ask_password, failure, read_settings, run
from service.database.upgrade import of_newest_schema
from service.errors import ErrorCode, Rejected
from service.models import User, UserRole
from service.operations.users import NewUser, promote, register_user
from service.settings import Settings

users_cli = typer.Typer(
    help="Accounts: administrators, and tokens.", no_args_is_help=True, rich_markup_mode=None
)


@users_cli.command("create-admin")
def create_admin(
    email: Annotated[str, typer.Argument(help="The address to log in with.")],
    full_name: Annotated[str, typer.Option(help="The name that others see.")] = "Administrator",
    password: Annotated[
        str,
        typer.Option(
            envvar="SERVICE_ADMIN_PASSWORD",
            help="Ten characters or more; without it the terminal asks.",
        ),
    ] = "",
    promote_account: Annotated[
        bool,
        typer.Option("--promote", help="Make an account that exists an administrator's."),
    ] = False,
) -> None:
    """Open an administrator's account, and print a bearer token for it.

    This is also the way back in: if the address has an account, the command asks, or takes
    --promote, and then gives that account the role and the new password.
    """
    settings = read_settings()
    chosen = password or ask_password("SERVICE_ADMIN_PASSWORD")
    new = NewUser(email=email, password=chosen, full_name=full_name)
    user = run(_created(settings, new))
    if user is None:
        fact = f"There is an account with the address {email} already."
        wish = "make it an administrator's, with this password"
        agree(fact, wish, "--promote", given=promote_account)
        user = run(_promoted(settings, new))
    _print_token(settings, user)


async def _created(settings: Settings, new: NewUser) -> User | None:
    """The new administrator, or None if the address has an account."""
    async with of_newest_schema(settings.database_url):
        try:
            return await register_user(new, UserRole.ADMIN)
        except Rejected as rejected:
            if [problem.code for problem in rejected.problems] != [ErrorCode.TAKEN]:
                raise
            return None


async def _promoted(settings: Settings, new: NewUser) -> User:
    async with of_newest_schema(settings.database_url):
        return await promote(new.email, new.password)


@users_cli.command("token")
def token(email: Annotated[str, typer.Argument(help="Whose token to print.")]) -> None:
    """Print a bearer token for an account that exists."""
    settings = read_settings()

    async def find() -> User | None:
        async with of_newest_schema(settings.database_url):
            return await find_active(email)

    user = run(find())
    if user is None:
        raise failure(
            f"There is no active account {email}. To make it an administrator's: "
            f"python -m service users create-admin {email}"
        )
    _print_token(settings, user)


def _print_token(settings: Settings, user: User) -> None:
    fact = f"{user.email} has the role {user.role.value}."
    if settings.service_secret is None:
        sys.stdout.write(f"{fact} This service is open: no token is needed.\n")
        return
    signer = TokenSigner(
        settings.service_secret.get_secret_value(), settings.service_token_lifetime_s
    )
    bearer, expires = signer.issue(user)
    sys.stdout.write(f"{fact} Send this header until {expires:%Y-%m-%d %H:%M} UTC:\n")
    sys.stdout.write(f"Authorization: Bearer {bearer}\n")
