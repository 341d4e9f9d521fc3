"""`python -m service`: run the shop, and look after it."""

import asyncio
import functools
import sys
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

import typer
import uvloop
from rich.console import Console
from rich.table import Table

from service.app import build_app, new_cron
from service.database import connected, upgrade
from service.errors import ServiceError
from service.http.connections import ConnectionLimits, connections_possible
from service.http.serving import Listening
from service.http.serving import serve as serve_until_stopped
from service.log import configure_logging
from service.models import User, UserRole
from service.operations.tokens import TokenSigner
from service.operations.users import NewUser, find_active, register_user
from service.schema.schema import build_schema
from service.settings import Settings, load_settings

T = TypeVar("T")

THREAD_SWITCH_INTERVAL_S = 0.0005

FIRST_MUTATION = """mutation {
  createProduct(input: {sku: "TEA-1", name: "Lahijan tea", \
price: {amount: "12.50", currency: "EUR"}, stock: 20}) {
    product { id sku name slug price { amount currency } stock status createdAt }
    userErrors { field code message }
  }
}"""

cli = typer.Typer(
    help="A shop's GraphQL service in one process. Settings come from the environment "
    "(DATABASE_URL, SERVICE_HOST, SERVICE_PORT, ...) or from service.toml; the README lists them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
jobs_cli = typer.Typer(
    help="The cron jobs: what runs when, and running one now.", no_args_is_help=True
)
users_cli = typer.Typer(help="Accounts: the first administrator, and tokens.", no_args_is_help=True)
cli.add_typer(jobs_cli, name="jobs")
cli.add_typer(users_cli, name="users")
console = Console()


@cli.command()
def serve() -> None:
    """Serve GraphQL, the REST shim, the playground and the cron jobs until Ctrl-C or SIGTERM.

    An embedded SQLite database is brought to the newest schema first; MySQL is
    yours to upgrade when you choose to: python -m service upgrade.
    """
    settings = _settings()
    configure_logging(settings.service_log_format, settings.service_log_level)
    if settings.database_url.startswith("sqlite:"):
        _run(upgrade(settings.database_url))
        # SQLite runs in a thread of its own, which otherwise waits up to 5 ms for its turn.
        sys.setswitchinterval(THREAD_SWITCH_INTERVAL_S)
    listening = Listening(
        settings.service_host, settings.service_port, settings.service_shutdown_timeout_s
    )
    limits = ConnectionLimits(
        connections_possible(settings.service_connections_max),
        settings.service_header_timeout_s,
        settings.service_request_timeout_s,
    )
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            greet = functools.partial(_greet, settings)
            runner.run(serve_until_stopped(build_app(settings), listening, limits, greet))
    except ServiceError as error:
        raise _failure(str(error)) from None
    except OSError as error:
        where = f"{settings.service_host}:{settings.service_port}"
        raise _failure(f"Cannot listen on {where}: {error.strerror}. Set SERVICE_PORT.") from None


def _greet(settings: Settings) -> None:
    host = f"[{settings.service_host}]" if ":" in settings.service_host else settings.service_host
    url = f"http://{host}:{settings.service_port}"
    console.print(f"\n[bold]Kooch shop[/] is open at {url}/graphql", highlight=False)
    if settings.is_open:
        console.print("[dim]You are its administrator: loopback, embedded database, no token.[/]")
    console.print("Paste this into the playground:\n")
    console.print(FIRST_MUTATION, highlight=False, markup=False, soft_wrap=True)
    console.print("\n[dim]Ctrl-C stops it.[/]")


@cli.command()
def schema() -> None:
    """Print the GraphQL schema (SDL)."""
    sys.stdout.write(build_schema().as_str() + "\n")


@cli.command("upgrade")
def upgrade_database() -> None:
    """Bring the database to the newest schema; create it first if it is missing."""
    applied = _run(upgrade(_settings().database_url))
    console.print(f"Applied {', '.join(applied)}." if applied else "The schema is the newest.")


@cli.command()
def seed(
    products: Annotated[
        int, typer.Option(min=1, max=10_000_000, help="How many products.")
    ] = 1_000,
    orders: Annotated[int, typer.Option(min=0, max=100_000_000, help="How many orders.")] = 5_000,
    random_seed: Annotated[int, typer.Option(help="The same number gives the same data.")] = 1,
) -> None:
    """Fill the database with believable data in several scripts."""
    from service.operations.seed import SeedPlan, seed_database

    settings = _settings()

    async def fill() -> None:
        await upgrade(settings.database_url)
        async with connected(settings.database_url, settings.database_pool_size):
            await seed_database(SeedPlan(products, orders, random_seed), console)

    _run(fill())


@jobs_cli.command("list")
def list_jobs() -> None:
    """Show each job with its spec and the next time it runs."""
    settings = _settings()
    table = Table("job", "spec", "next run", "what it does")
    for job in new_cron(settings).jobs():
        local = job.next_run_at.astimezone(settings.time_zone)
        table.add_row(job.name, job.spec, f"{local:%Y-%m-%d %H:%M %Z}", job.description)
    console.print(table)


@jobs_cli.command("run")
def run_job(name: Annotated[str, typer.Argument(help="As `jobs list` shows it.")]) -> None:
    """Run one job now, outside the schedule, and print its outcome."""
    settings = _settings()

    async def run() -> tuple[str, object]:
        async with connected(settings.database_url, settings.database_pool_size):
            done = await new_cron(settings).run_now(name)
            return done.outcome.value, done.result or done.error

    outcome, result = _run(run())
    console.print(f"{name} {outcome}:", result)
    if outcome != "succeeded":
        raise typer.Exit(1)


@users_cli.command("create-admin")
def create_admin(
    email: Annotated[str, typer.Argument(help="The address to log in with.")],
    full_name: Annotated[str, typer.Option(help="The name that others see.")] = "Administrator",
    password: Annotated[
        str,
        typer.Option(
            prompt=True, hide_input=True, confirmation_prompt=True, envvar="SERVICE_ADMIN_PASSWORD"
        ),
    ] = "",
) -> None:
    """Open an administrator's account, and print a bearer token for it."""
    settings = _settings()

    async def create() -> User:
        async with connected(settings.database_url):
            new = NewUser(email=email, password=password, full_name=full_name)
            return await register_user(new, UserRole.ADMIN)

    _print_token(settings, _run(create()))


@users_cli.command("token")
def token(email: Annotated[str, typer.Argument(help="Whose token to print.")]) -> None:
    """Print a bearer token for a user that exists."""
    settings = _settings()

    async def find() -> User | None:
        async with connected(settings.database_url):
            return await find_active(email)

    user = _run(find())
    if user is None:
        raise _failure(f"There is no active user {email}.")
    _print_token(settings, user)


def _print_token(settings: Settings, user: User) -> None:
    if settings.service_secret is None:
        console.print(
            f"{user.email} is an {user.role.value}. This service is open: no token needed."
        )
        return
    signer = TokenSigner(
        settings.service_secret.get_secret_value(), settings.service_token_lifetime_s
    )
    bearer, expires = signer.issue(user)
    console.print(f"Send this header until {expires:%Y-%m-%d %H:%M} UTC:")
    sys.stdout.write(f"Authorization: Bearer {bearer}\n")


def _settings() -> Settings:
    try:
        return load_settings()
    except ServiceError as error:
        raise _failure(str(error)) from None


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except ServiceError as error:
        raise _failure(str(error)) from None


def _failure(message: str) -> typer.Exit:
    Console(stderr=True).print(f"[red]error:[/] {message}", highlight=False)
    return typer.Exit(1)


if __name__ == "__main__":
    cli()
