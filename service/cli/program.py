"""The whole command line: its commands, and the help that it prints."""

import typer

from service.cli.jobs import jobs_cli
from service.cli.schema import schema
from service.cli.seed import seed
from service.cli.serve import serve
from service.cli.upgrade import upgrade_database
from service.cli.users import users_cli

HELP = """A shop's GraphQL service in one process: products, orders, reviews, users and cron jobs,
on an embedded SQLite database at first, on MySQL or MariaDB in production."""
EPILOG = """
\b
Examples:
  python -m service serve                                try it: http://127.0.0.1:8080/graphql
  python -m service seed --products 1000 --orders 5000   an invented shop to look at
  python -m service users create-admin you@example.com   the first account with all rights
  python -m service jobs run housekeeping

\b
Settings come from the environment, else from service.toml, where their names are in lower
case; SERVICE_CONFIG names another file. The README lists them all; the first ones:
  DATABASE_URL     sqlite://PATH, or mysql://USER:PASSWORD@HOST:PORT/NAME
  SERVICE_HOST, SERVICE_PORT     the address to listen on
  SERVICE_SECRET   signs the tokens; try: openssl rand -hex 32
  GRAPHQL_COMPILED false leaves all operations to graphql-core, which is slower

\b
Exit status:
  0    done
  1    failed or refused; the message says why, and what to do
  2    the command line is wrong
  130  stopped by Ctrl-C
"""

cli = typer.Typer(
    help=HELP,
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
cli.command()(serve)
cli.command()(schema)
cli.command("upgrade")(upgrade_database)
cli.command()(seed)
cli.add_typer(jobs_cli, name="jobs")
cli.add_typer(users_cli, name="users")
