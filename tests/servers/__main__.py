"""`python -m tests.servers`: private servers for development and tests."""

import time
from typing import Annotated, Protocol

import typer
from rich.console import Console

from tests.servers.debian import ServerError
from tests.servers.mariadb import MariaDB
from tests.servers.mysql import MySQL
from tests.servers.process import FOLDER, Process, exclusive

console = Console()
cli = typer.Typer(
    help="Real database servers in the folder .servers, on ports of their own; nothing that "
    "already runs on this machine is touched. `source .servers/env` sets their URLs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Server(Protocol):
    """One kind of server."""

    name: str
    variable: str
    process: Process

    @property
    def url(self) -> str:
        """Where it is."""

    def start(self) -> str:
        """Start it if it does not run. Raises ServerError."""

    def stop(self) -> None:
        """Stop it if it runs."""


SERVERS: dict[str, Server] = {server.name: server for server in (MySQL(), MariaDB())}
Names = Annotated[list[str] | None, typer.Argument(help=f"Of {', '.join(SERVERS)}; default: all.")]


@cli.command()
def up(names: Names = None) -> None:
    """Fetch, initialise and start the servers that do not run yet."""
    with exclusive():
        for server in _chosen(names):
            start = time.monotonic()
            try:
                with console.status(f"{server.name}: fetching and starting ..."):
                    url = server.start()
            except ServerError as error:
                console.print(f"[red]error:[/] {error}", highlight=False)
                raise typer.Exit(1) from None
            console.print(f"{server.name} is up at {url} ({time.monotonic() - start:.1f} s)")
        _write_environment()


@cli.command()
def down(names: Names = None) -> None:
    """Stop the servers; their data stay."""
    with exclusive():
        for server in _chosen(names):
            server.stop()
            console.print(f"{server.name} is down")
        _write_environment()


@cli.command()
def status() -> None:
    """Say which servers run."""
    for server in SERVERS.values():
        state = f"up at {server.url}" if server.process.is_running() else "down"
        console.print(f"{server.name} is {state}")


def _chosen(names: list[str] | None) -> list[Server]:
    unknown = set(names or ()) - SERVERS.keys()
    if unknown:
        raise typer.BadParameter(f"There is no server {', '.join(sorted(unknown))}.")
    return [SERVERS[name] for name in names or SERVERS]


def _write_environment() -> None:
    lines = [
        f"export {server.variable}={server.url}\n"
        for server in SERVERS.values()
        if server.process.is_running()
    ]
    (FOLDER / "env").write_text("".join(lines))


if __name__ == "__main__":
    cli()
