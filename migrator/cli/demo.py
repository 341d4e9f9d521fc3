"""`make migrate`: the migration of the URLs that are configured, else of the sample shop.

For the shop, the servers are this checkout's own (`servers`) and the rows come
from the service next door; both are called as programs. The last step becomes the
migrator itself, so that Ctrl-C and the exit status are its own.
"""

import asyncio
import os
import secrets
import shlex
import subprocess
import sys
from pathlib import Path

from migrator.errors import MigratorError
from migrator.mysql.wire.connection import SourceUrl, connect
from migrator.settings import Server, load_settings

DATABASE = "shop"
SERVERS = Path(os.environ.get("KOOCH_SERVERS") or ".servers")
COMMAND_TIMEOUT_S = 900


def main() -> None:
    """Prepare what is missing, and become `python -m migrator run`."""
    try:
        configured = load_settings(needs=())
        arguments: list[str] = []
        if not any(configured.url(server) for server in Server):
            source = os.environ.get("SOURCE") or "mysql"
            _run("servers", "up", source, "rabbitmq", "mongodb", "--source", source)
            os.environ.update(exported((SERVERS / "env").read_text()))
            _fill_shop(os.environ["MIGRATOR_SOURCE_URL"] + DATABASE)
            arguments = ["--database", DATABASE]
    except MigratorError as error:
        sys.exit(f"error: {error}")
    except subprocess.CalledProcessError as error:  # The program has printed why.
        sys.exit(error.returncode)
    os.execv(sys.executable, [sys.executable, "-m", "migrator", "run", *arguments])  # noqa: S606


def exported(text: str) -> dict[str, str]:
    """The variables of a file of `export NAME=value` lines."""
    words = shlex.split(text.replace("export ", ""))
    return dict(word.split("=", 1) for word in words)


def _fill_shop(url: str) -> None:
    """Bring the shop's schema to the newest, and fill it if it has no products."""
    environment = {"DATABASE_URL": url, "SERVICE_SECRET": secrets.token_hex(32)}
    _run("service", "upgrade", **environment)
    if not asyncio.run(_has_products(url.removesuffix(DATABASE))):
        _run("service", "seed", "--yes", **environment)


async def _has_products(url: str) -> bool:
    async with await connect(SourceUrl.parse(url), database=DATABASE) as connection:
        return bool(await connection.query("SELECT 1 FROM products LIMIT 1"))


def _run(module: str, *arguments: str, **environment: str) -> None:
    subprocess.run(  # noqa: S603 - Our own modules.
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, **environment},
        check=True,
        timeout=COMMAND_TIMEOUT_S,
    )


if __name__ == "__main__":
    main()
