"""Running the commands of the service in this process, without a terminal."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from typer.testing import CliRunner, Result

from service.cli.program import cli
from service.database.connect import connected
from tests.service.conftest import SECRET

T = TypeVar("T")
EMAIL = "root@example.com"
SMALL = ("seed", "--products", "2", "--orders", "3")


def run(url: str, *arguments: str, **environment: str) -> Result:
    """Run a command of the service, without a terminal."""
    variables = {"DATABASE_URL": url, "SERVICE_SECRET": SECRET, "COLUMNS": "200"} | environment
    return CliRunner().invoke(cli, list(arguments), env=variables)


def with_database(url: str, work: Callable[[], Awaitable[T]]) -> T:
    async def connected_work() -> T:
        async with connected(url):
            return await work()

    return asyncio.run(connected_work())


def told(result: Result) -> str:
    """The one sentence that a refused command prints, and nothing else."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line.removeprefix("error: ")
