"""`python -m service`: run the shop, and look after it."""

import asyncio
import errno
import functools
import secrets
import socket
import sys
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.table import Table

from service.app import build_app, new_cron
from service.database import of_newest_schema, upgrade
from service.errors import ErrorCode, Rejected, ServiceError
from service.http.connections import ConnectionLimits, connections_possible
from service.http.serving import Listening
from service.http.serving import serve as serve_until_stopped
from service.models import User, UserRole
from service.operations.log_in import find_active
from service.operations.tokens import TokenSigner
from service.operations.users import NewUser, promote, register_user
from service.schema.schema import build_schema
from service.settings import Settings
from service.terminal import agree, ask_password, failure, read_settings, run

THREAD_SWITCH_INTERVAL_S = 0.0005

FIRST_MUTATION = """mutation {
  createProduct(input: {sku: "TEA-1", name: "Lahijan tea", \
price: {amount: "12.50", currency: "EUR"}, stock: 20}) {
    product { id sku name slug price { amount currency } stock status createdAt }
    userErrors { field code message }
  }
}"""

HELP = """A shop's GraphQL service in one process: products, orders, reviews, users and cron jobs,
on an embedded SQLite database to begin with, on MySQL or MariaDB for production."""
EPILOG = """
\b
Examples:
  python -m service serve                                try it: http://127.0.0.1:8080/graphql
  python -m service seed --products 1000 --orders 5000   an invented shop to look at
  python -m service users create-admin you@example.com   the first account that may do everything
  python -m service jobs run housekeeping

\b
Settings come from the environment, else from service.toml, where their names stand in lower
case; SERVICE_CONFIG names another file. The README lists them all; to begin with:
  DATABASE_URL     sqlite://PATH, or mysql://USER:PASSWORD@HOST:PORT/NAME
  SERVICE_HOST, SERVICE_PORT     the address to listen on
  SERVICE_SECRET   signs the tokens; try: openssl rand -hex 32

\b
Exit status:
  0    it is done
  1    it failed or was refused; the message says why, and what to do
  2    the command line is wrong
  130  it was stopped by Ctrl-C
"""

cli = typer.Typer(
    help=HELP,
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
jobs_cli = typer.Typer(
    help="The cron jobs: what runs when, and running one now.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
users_cli = typer.Typer(
    help="Accounts: administrators, and tokens.", no_args_is_help=True, rich_markup_mode=None
)
cli.add_typer(jobs_cli, name="jobs")
cli.add_typer(users_cli, name="users")
console = Console()


@cli.command()
def serve() -> None:
    """Serve GraphQL, the REST shim, the playground and the cron jobs until Ctrl-C or SIGTERM.

    An embedded SQLite database is brought to the newest schema first; MySQL is
    yours to upgrade when you choose to: python -m service upgrade.
    """
    settings = read_settings()
    if settings.database_url.startswith("sqlite:"):
        run(upgrade(settings.database_url))
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
        raise failure(str(error)) from None
    except OSError as error:
        raise failure(why_not_listening(settings, error)) from None


def why_not_listening(settings: Settings, error: OSError) -> str:
    """What is wrong with the address, by the setting that is at fault."""
    host, port = settings.service_host, settings.service_port
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"SERVICE_HOST: {host!r} is no address of this machine, such as 127.0.0.1."
    if error.errno == errno.EADDRINUSE:
        return f"SERVICE_PORT: something else listens on {host}:{port} already. Choose another."
    if error.errno == errno.EACCES:
        return f"SERVICE_PORT: {port} needs rights that this user lacks. Choose 1024 or more."
    return f"Cannot listen on {host}:{port}: {error.strerror}. Look at SERVICE_HOST, SERVICE_PORT."


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
    applied = run(upgrade(read_settings().database_url))
    console.print(f"Applied {', '.join(applied)}." if applied else "The schema is the newest.")


@cli.command()
def seed(
    products: Annotated[
        int, typer.Option(min=1, max=10_000_000, help="How many products.")
    ] = 1_000,
    orders: Annotated[int, typer.Option(min=0, max=100_000_000, help="How many orders.")] = 5_000,
    random_seed: Annotated[int, typer.Option(help="The same number gives the same data.")] = 1,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask, whatever is there.")] = False,
) -> None:
    """Fill the database with believable, invented data in several scripts.

    All accounts that it makes get one random password, which it prints once. It asks
    before it adds to a shop that holds users, products or orders.
    """
    from service.operations.seed import SeedPlan, rows_there, seed_database

    settings = read_settings()

    async def look() -> dict[str, int]:
        async with of_newest_schema(settings.database_url):
            return await rows_there()

    async def fill() -> None:
        async with of_newest_schema(settings.database_url, settings.database_pool_size):
            plan = SeedPlan(products, orders, random_seed)
            await seed_database(plan, console, secrets.token_urlsafe(12))

    there = run(look())
    if any(there.values()):
        rows = ", ".join(f"{name}: {count:,}" for name, count in there.items())
        fact = f"The shop is in use ({rows}). Nothing tells invented rows from real ones later."
        agree(fact, "seed it all the same", "--yes", given=yes)
    run(fill())


@jobs_cli.command("list")
def list_jobs() -> None:
    """Show each job with its spec and the next time it runs."""
    settings = read_settings()
    table = Table("job", "spec", "next run", "what it does")
    for job in new_cron(settings).jobs():
        local = job.next_run_at.astimezone(settings.time_zone)
        table.add_row(job.name, job.spec, f"{local:%Y-%m-%d %H:%M %Z}", job.description)
    console.print(table)


@jobs_cli.command("run")
def run_job(name: Annotated[str, typer.Argument(help="As `jobs list` shows it.")]) -> None:
    """Run one job now, outside the schedule, and print its outcome."""
    settings = read_settings()

    async def work() -> tuple[str, object]:
        async with of_newest_schema(settings.database_url, settings.database_pool_size):
            done = await new_cron(settings).run_now(name)
            return done.outcome.value, done.result or done.error

    outcome, result = run(work())
    console.print(f"{name} {outcome}:", result, markup=False, soft_wrap=True)
    if outcome != "succeeded":
        raise typer.Exit(1)


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

    This is also the way back in: for an address that has an account, it asks, or takes
    --promote, and gives that account the role and the new password.
    """
    settings = read_settings()
    chosen = password or ask_password("SERVICE_ADMIN_PASSWORD")

    async def create() -> User | None:
        new = NewUser(email=email, password=chosen, full_name=full_name)
        async with of_newest_schema(settings.database_url):
            try:
                return await register_user(new, UserRole.ADMIN)
            except Rejected as rejected:
                if [problem.code for problem in rejected.problems] != [ErrorCode.TAKEN]:
                    raise
                return None

    async def change() -> User:
        async with of_newest_schema(settings.database_url):
            return await promote(email, chosen)

    user = run(create())
    if user is None:
        fact = f"There is an account with the address {email} already."
        wish = "make it an administrator's, with this password"
        agree(fact, wish, "--promote", given=promote_account)
        user = run(change())
    _print_token(settings, user)


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
        sys.stdout.write(f"{fact} This service is open: nobody needs a token.\n")
        return
    signer = TokenSigner(
        settings.service_secret.get_secret_value(), settings.service_token_lifetime_s
    )
    bearer, expires = signer.issue(user)
    sys.stdout.write(f"{fact} Send this header until {expires:%Y-%m-%d %H:%M} UTC:\n")
    sys.stdout.write(f"Authorization: Bearer {bearer}\n")


if __name__ == "__main__":
    cli()
