"""Every test of the service runs on each database, from a clean one."""

import asyncio
import os
import secrets
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pymysql
import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient
from aiohttp.web import Application, Request

from servers.mariadb import MariaDB
from servers.mysql import MySQL
from servers.process import exclusive, free_port
from service.app import build_app
from service.database.upgrade import upgrade
from service.log import configure_logging
from service.models.migration_steps.collation import TABLES
from service.settings import Settings

DATABASES = tuple(os.environ.get("TEST_DATABASES", "sqlite mysql mariadb").split())
SERVERS = [pytest.param(name, marks=pytest.mark.servers) for name in DATABASES if name != "sqlite"]
on_each_server = pytest.mark.parametrize("database_url", SERVERS, indirect=True)
"""For what SQLite, which serves one process, does not have."""

SECRET = "a secret that is long enough for the tests"

Client = TestClient[Request, Application]
ClientFactory = Callable[[Application], Awaitable[Client]]
Start = Callable[..., Awaitable[tuple[Process, str]]]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session", autouse=True)
def _logging() -> None:
    configure_logging("text", "warning")


@pytest.fixture(scope="session")
def server_urls() -> Iterator[dict[str, str]]:
    """A database of this run's own on each server."""
    name = f"kooch_test_{secrets.token_hex(4)}"
    urls: dict[str, str] = {}
    for server in (MySQL(), MariaDB()):
        if server.name in DATABASES:
            with exclusive():
                urls[server.name] = server.start() + name
    yield urls
    for url in urls.values():
        _execute(url, f"DROP DATABASE IF EXISTS {name}")


def _execute(url: str, *statements: str) -> None:
    host, _, rest = url.removeprefix("mysql://root@").partition(":")
    port, _, name = rest.partition("/")
    connection = pymysql.connect(host=host, port=int(port), user="root", autocommit=True)
    with connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.format(name=name))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where an upgraded, empty SQLite database will be kept for copying."""
    return tmp_path_factory.mktemp("template") / "shop.db"


@pytest.fixture(scope="session")
def upgraded() -> set[str]:
    """The server databases whose schema was made in this run."""
    return set()


@pytest.fixture
async def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    """The URL of an empty SQLite database with the newest schema."""
    if not sqlite_template.exists():
        await upgrade(f"sqlite://{sqlite_template}")
    copy = tmp_path / "shop.db"
    copy.write_bytes(sqlite_template.read_bytes())
    return f"sqlite://{copy}"


@pytest.fixture(params=["sqlite", *SERVERS] if "sqlite" in DATABASES else SERVERS)
async def database_url(request: pytest.FixtureRequest, sqlite_url: str, upgraded: set[str]) -> str:
    """The URL of an empty database with the newest schema."""
    kind = str(request.param)
    if kind == "sqlite":
        return sqlite_url
    # Only now: for SQLite no server is started.
    url: str = request.getfixturevalue("server_urls")[kind]
    if url not in upgraded:
        await upgrade(url)
        upgraded.add(url)
    tables = (*reversed(TABLES), "attempts")
    _execute(url, "USE {name}", *(f"DELETE FROM `{table}`" for table in tables))
    return url


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Start `serve` in an empty folder; it is killed after the test."""
    processes: list[Process] = []

    async def start_service(**environment: str) -> tuple[Process, str]:
        port = str(free_port(0))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "service", "serve", cwd=tmp_path, stdout=PIPE, stderr=PIPE,
            env=os.environ | {"PYTHONPATH": str(ROOT), "SERVICE_PORT": port} | environment,
        )  # fmt: skip
        processes.append(process)
        url = f"http://127.0.0.1:{port}"
        async with aiohttp.ClientSession() as session:
            for _ in range(200):
                try:
                    await session.get(f"{url}/healthz")
                    break
                except aiohttp.ClientConnectorError:
                    await asyncio.sleep(0.1)
        return process, url

    yield start_service
    for process in processes:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@dataclass(frozen=True)
class Shop:
    """A client of a running service that speaks GraphQL and expects no errors."""

    http: Client
    headers: Mapping[str, str]

    async def post(self, query: str, **variables: Any) -> ClientResponse:
        """Send an operation and return the raw response."""
        return await self.http.post(
            "/graphql", json={"query": query, "variables": variables}, headers=self.headers
        )

    async def ask(self, query: str, **variables: Any) -> Any:
        """Send an operation and return its data."""
        body = await (await self.post(query, **variables)).json()
        assert "errors" not in body, body["errors"]
        return body["data"]

    async def errors(self, query: str, **variables: Any) -> Any:
        """Send an operation and return its top-level errors."""
        body = await (await self.post(query, **variables)).json()
        return body["errors"]

    async def do(self, mutation: str, selection: str, **fields: Any) -> Any:
        """Send one mutation with its input; return its payload, user errors included."""
        kind = mutation[0].upper() + mutation[1:]
        query = (
            f"mutation ($input: {kind}Input!) {{ {mutation}(input: $input) "
            f"{{ {selection} userErrors {{ field code message }} }} }}"
        )
        data = await self.ask(query, input=fields)
        return data[mutation]

    async def make(self, mutation: str, selection: str, **fields: Any) -> Any:
        """Send one mutation that must succeed; return what it made."""
        payload = await self.do(mutation, selection, **fields)
        assert payload.pop("userErrors") == []
        (made,) = payload.values()
        return made

    async def refusals(self, mutation: str, **fields: Any) -> list[tuple[str, str]]:
        """Send one mutation that must be refused; return pairs of field path and code."""
        payload = await self.do(mutation, "__typename", **fields)
        return [("/".join(e["field"]), e["code"]) for e in payload["userErrors"]]

    async def product(self, sku: str = "TEA-1", **fields: Any) -> str:
        """Make a product and return its id."""
        price = {"amount": "12.50", "currency": "EUR"}
        fields = {"name": f"Product {sku}", "price": price, "stock": 20} | fields
        made = await self.make("createProduct", "product { id }", sku=sku, **fields)
        return str(made["id"])

    async def user(self, email: str = "sara@example.com", **fields: Any) -> str:
        """Register a user and return the id."""
        fields = {"fullName": "Sara Ahmadi", "password": "correct horse battery"} | fields
        made = await self.make("registerUser", "user { id }", email=email, **fields)
        return str(made["id"])

    async def logged_in(self, email: str = "sara@example.com") -> "Shop":
        """The same service, seen by a user."""
        login = await self.do("logIn", "token", email=email, password="correct horse battery")
        return Shop(self.http, {"Authorization": f"Bearer {login['token']}"})

    async def place(self, customer: str, *lines: tuple[str, int], **fields: Any) -> Any:
        """Place an order that must succeed."""
        return await self.make(
            "placeOrder", "order { id number status total { amount currency } }",
            **order_input(customer, *lines), **fields,
        )  # fmt: skip

    async def stock(self, product: str) -> int:
        """The stock of a product."""
        data = await self.ask("query ($id: ID!) { product(id: $id) { stock } }", id=product)
        return int(data["product"]["stock"])


def order_input(customer: str, *lines: tuple[str, int]) -> dict[str, Any]:
    """The input of placeOrder."""
    return {
        "customerId": customer,
        "lines": [{"productId": product, "quantity": quantity} for product, quantity in lines],
        "shippingAddress": {
            "name": "Sara Ahmadi", "line1": "Vali-Asr 12", "city": "Tehran", "country": "IR",
        },
    }  # fmt: skip


def settings_for(database_url: str, **changes: Any) -> Settings:
    """Settings for tests: any port, no cron."""
    values: dict[str, Any] = {
        "database_url": database_url,
        "cron_enabled": False,
        "service_secret": None if database_url.startswith("sqlite:") else SECRET,
    }
    return Settings(**(values | changes))


@pytest.fixture
async def shop(database_url: str, aiohttp_client: ClientFactory) -> Shop:
    """A running service, seen by its administrator."""
    app = build_app(settings_for(database_url))
    client = await aiohttp_client(app)
    return Shop(client, await admin_headers(app, database_url))


async def admin_headers(app: Application, database_url: str) -> Mapping[str, str]:
    """No header where the service is open; else the token of an administrator."""
    if database_url.startswith("sqlite:"):
        return {}
    from service.http.app_keys import TOKENS
    from service.models import UserRole
    from service.operations.users import NewUser, register_user

    new = NewUser(email="admin@example.com", password="long enough", full_name="Admin")
    admin = await register_user(new, UserRole.ADMIN)
    return {"Authorization": f"Bearer {app[TOKENS].issue(admin)[0]}"}
