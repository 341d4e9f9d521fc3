"""`serve`: the shop, until it is stopped."""

import asyncio
import errno
import functools
import socket
import sys

import uvloop

from service.app import build_app
from service.cli.terminal import console, failure, read_settings, run
from service.database.upgrade import upgrade
from service.errors import ServiceError
from service.http.server.connections import ConnectionLimits, connections_possible
from service.http.server.serving import Listening
from service.http.server.serving import serve as serve_until_stopped
from service.settings import Settings

THREAD_SWITCH_INTERVAL_S = 0.0005

FIRST_MUTATION = """mutation {
  createProduct(input: {sku: "TEA-1", name: "Lahijan tea", \
price: {amount: "12.50", currency: "EUR"}, stock: 20}) {
    product { id sku name slug price { amount currency } stock status createdAt }
    userErrors { field code message }
  }
}"""


def serve() -> None:
    """Serve GraphQL, the REST shim, the playground and the cron jobs until Ctrl-C or SIGTERM.

    An embedded SQLite database is brought to the newest schema first; MySQL is
    upgraded only by: python -m service upgrade.
    """
    settings = read_settings()
    if settings.database_url.startswith("sqlite:"):
        run(upgrade(settings.database_url))
        # SQLite runs in its own thread, which would otherwise wait up to 5 ms for its turn.
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
        return f"SERVICE_HOST: {host!r} is not an address of this machine, such as 127.0.0.1."
    if error.errno == errno.EADDRINUSE:
        return f"SERVICE_PORT: something else listens on {host}:{port} already. Choose another."
    if error.errno == errno.EACCES:
        return f"SERVICE_PORT: {port} needs rights that this user lacks. Choose 1024 or more."
    return f"Cannot listen on {host}:{port}: {error.strerror}. Check SERVICE_HOST, SERVICE_PORT."


def _greet(settings: Settings) -> None:
    host = f"[{settings.service_host}]" if ":" in settings.service_host else settings.service_host
    url = f"http://{host}:{settings.service_port}"
    console.print(f"\n[bold]Kooch shop[/] is open at {url}/graphql", highlight=False)
    if settings.is_open:
        console.print("[dim]You are its administrator: loopback, embedded database, no token.[/]")
    console.print("Paste this into the playground:\n")
    console.print(FIRST_MUTATION, highlight=False, markup=False, soft_wrap=True)
    console.print("\n[dim]Ctrl-C stops it.[/]")
