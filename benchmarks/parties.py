"""Who takes part: the service and its peers, each in one process."""

import json
import platform
import secrets
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from benchmarks.environments import PEERS, node_environment, python_environment
from benchmarks.server import BenchmarkError, Server, clean_environment, launch

ADMIN_EMAIL = "benchmark@example.com"


class Party(Protocol):
    """A server that answers the requests of `workload`."""

    @property
    def name(self) -> str:
        """As in the report and after `--parties`."""

    @property
    def speaks_graphql(self) -> bool:
        """Whether it takes GraphQL; else each operation has a path that takes its variables."""

    def prepare(self) -> None:
        """Install what it needs. Raises `BenchmarkError`."""

    def versions(self) -> dict[str, str]:
        """What it consists of."""

    def start(self, database_url: str, port: int) -> Server:
        """Run it on a database that has its schema. Raises `BenchmarkError`."""


@dataclass(frozen=True, slots=True)
class Service:
    """The service as shipped: default settings but for port, database, secret and cron."""

    name: str = "service"
    speaks_graphql: bool = True

    def prepare(self) -> None:
        """It runs in the environment of the benchmark itself."""

    def versions(self) -> dict[str, str]:
        """Its main parts."""
        parts = ("aiohttp", "strawberry-graphql", "graphql-core", "tortoise-orm", "aiomysql",
                 "aiosqlite", "orjson", "uvloop")  # fmt: skip
        return _python_versions(parts)

    def start(self, database_url: str, port: int) -> Server:
        """Run `python -m service serve`, with an administrator's token where one is needed."""
        environment = clean_environment(
            DATABASE_URL=database_url, SERVICE_PORT=str(port), CRON_ENABLED="false"
        )
        headers: dict[str, str] = {}
        if database_url.startswith("mysql:"):
            environment["SERVICE_SECRET"] = secrets.token_hex(32)
            headers = _admin_headers(environment)
        command = [sys.executable, "-m", "service", "serve"]
        return launch(self.name, command, environment, port, headers)


def _admin_headers(environment: dict[str, str]) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "service", "users", "create-admin", ADMIN_EMAIL],
        env=environment | {"SERVICE_ADMIN_PASSWORD": secrets.token_hex(16)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchmarkError(f"The service made no administrator:\n{done.stderr}")
    header, _, value = done.stdout.splitlines()[-1].partition(": ")
    return {header: value}


@dataclass(frozen=True, slots=True)
class BareAiohttp:
    """The ceiling: aiohttp and a driver, nothing else."""

    name: str = "bare-aiohttp"
    speaks_graphql: bool = False

    def prepare(self) -> None:
        """It runs in the environment of the benchmark itself."""

    def versions(self) -> dict[str, str]:
        """Its main parts."""
        return _python_versions(("aiohttp", "aiomysql", "orjson", "uvloop"))

    def start(self, database_url: str, port: int) -> Server:
        """Run the handlers."""
        environment = clean_environment(DATABASE_URL=database_url, PORT=str(port))
        command = [sys.executable, "-m", "benchmarks.peers.bare_aiohttp"]
        return launch(self.name, command, environment, port)


@dataclass(frozen=True, slots=True)
class FastAPI:
    """Strawberry on FastAPI, SQLAlchemy and uvicorn, with their defaults."""

    name: str = "fastapi"
    speaks_graphql: bool = True
    requirements: Path = PEERS / "fastapi_shop" / "requirements.txt"

    def prepare(self) -> None:
        """Install it into an environment of its own."""
        python_environment(self.requirements)

    def versions(self) -> dict[str, str]:
        """Its requirements, which are exact."""
        lines = self.requirements.read_text().split()
        pairs = (line.partition("==")[::2] for line in lines)
        return {"Python": platform.python_version()} | dict(pairs)

    def start(self, database_url: str, port: int) -> Server:
        """Run uvicorn with one worker, uvloop and httptools, and its access log."""
        python = python_environment(self.requirements)
        environment = clean_environment(DATABASE_URL=database_url, PYTHONPATH=str(PEERS))
        command = [str(python), "-m", "uvicorn", "fastapi_shop.app:app", "--port", str(port)]
        return launch(self.name, command, environment, port)


@dataclass(frozen=True, slots=True)
class Mercurius:
    """Fastify, Mercurius, mysql2 and better-sqlite3, without or with compiled queries."""

    name: str = "mercurius"
    jit: int = 0
    speaks_graphql: bool = True
    source: Path = PEERS / "mercurius"

    def prepare(self) -> None:
        """Install its packages."""
        node_environment(self.source)

    def versions(self) -> dict[str, str]:
        """Node.js and the packages, whose versions are exact."""
        node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
        package = json.loads((self.source / "package.json").read_text())
        packages: dict[str, str] = package["dependencies"]
        return {"Node.js": node.stdout.strip()} | packages

    def start(self, database_url: str, port: int) -> Server:
        """Run the program in Node's production mode."""
        folder = node_environment(self.source)
        environment = clean_environment(
            DATABASE_URL=database_url, PORT=str(port), JIT=str(self.jit), NODE_ENV="production"
        )
        return launch(self.name, ["node", str(folder / "server.js")], environment, port)


PARTIES: dict[str, Party] = {
    party.name: party
    for party in (
        Service(),
        FastAPI(),
        BareAiohttp(),
        Mercurius(),
        Mercurius(name="mercurius-jit", jit=1),
    )
}


def _python_versions(packages: Iterable[str]) -> dict[str, str]:
    return {"Python": platform.python_version()} | {name: version(name) for name in packages}
