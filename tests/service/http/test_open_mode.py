"""Who is the administrator without a token: whoever sits at the machine, and nobody else."""

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest
from aiohttp import HttpVersion10, HttpVersion11, web
from multidict import CIMultiDict

from service.app import build_app
from service.http.peers import calls_from_here, client_of
from service.settings import Settings
from tests.service.conftest import SECRET, ClientFactory, Shop, settings_for

PRODUCT = {"sku": "X", "name": "X", "price": {"amount": "1", "currency": "EUR"}}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"service_secret": SECRET}, "SERVICE_SECRET is set"),
        ({"service_open": False}, "SERVICE_OPEN is false"),
        ({"service_host": "0.0.0.0"}, "0.0.0.0 is not a loopback address"),
        ({"database_url": "mysql://a@b/c"}, "the database is not the embedded one"),
    ],
)
def test_the_service_is_open_only_if_nothing_speaks_against_it(
    changes: dict[str, Any], reason: str | None
) -> None:
    settings = Settings(**({"database_url": "sqlite://x.db"} | changes))

    assert settings.closed_because == reason
    assert settings.is_open == (reason is None)


@pytest.mark.parametrize(
    "changes", [{"service_secret": SECRET}, {"service_open": False}, {"service_host": "0.0.0.0"}]
)
async def test_where_it_is_not_open_a_local_caller_is_a_visitor(
    sqlite_url: str, aiohttp_client: ClientFactory, changes: dict[str, Any]
) -> None:
    shop = Shop(await aiohttp_client(build_app(settings_for(sqlite_url, **changes))), {})

    assert await shop.refusals("createProduct", **PRODUCT) == [("", "UNAUTHENTICATED")]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Forwarded": "for=203.0.113.7"},
        {"Via": "1.1 proxy"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"x-forwarded-proto": "https"},
        {"X-Real-IP": "203.0.113.7"},
        {"CF-Ray": "1"},
    ],
)
async def test_who_comes_through_a_proxy_is_a_visitor_of_an_open_service(
    sqlite_url: str, aiohttp_client: ClientFactory, headers: Mapping[str, str]
) -> None:
    shop = Shop(await aiohttp_client(build_app(settings_for(sqlite_url))), headers)

    read = await shop.ask("{ products { totalCount } }")
    written = await shop.refusals("createProduct", **PRODUCT)

    assert read == {"products": {"totalCount": 0}}
    assert written == ([("", "UNAUTHENTICATED")] if headers else [])


async def test_http_1_0_is_how_a_proxy_speaks_that_leaves_no_header(
    sqlite_url: str, aiohttp_client: ClientFactory
) -> None:
    client = await aiohttp_client(build_app(settings_for(sqlite_url)))
    query = 'mutation { runJob(input: {name: "none"}) { userErrors { code } } }'
    body = orjson.dumps({"query": query})
    answers = {}

    for version in ("1.0", "1.1"):
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
        head = f"POST /graphql HTTP/{version}\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        answer = orjson.loads((await reader.read()).partition(b"\r\n\r\n")[2])
        answers[version] = answer["data"]["runJob"]["userErrors"][0]["code"]
        writer.close()

    # The second is let in, and told that there is no such job.
    assert answers == {"1.0": "UNAUTHENTICATED", "1.1": "NOT_FOUND"}


def request_from(peer: object, *hops: str, version: Any = HttpVersion11) -> web.Request:
    """What of a request matters here."""
    transport = SimpleNamespace(get_extra_info=lambda _name: peer)
    headers = CIMultiDict([("X-Forwarded-For", hop) for hop in hops])
    return cast(web.Request, SimpleNamespace(transport=transport, headers=headers, version=version))


@pytest.mark.parametrize(
    ("peer", "hops", "proxies", "client"),
    [
        (("8.8.8.8", 1), (), 1, "8.8.8.8"),
        (("8.8.8.8", 1), ("198.51.100.1",), 1, "8.8.8.8"),
        (("10.0.0.1", 1), ("198.51.100.1",), 1, "198.51.100.1"),
        (("10.0.0.1", 1), ("1.2.3.4, 198.51.100.1",), 1, "198.51.100.1"),
        (("10.0.0.1", 1), ("1.2.3.4", "198.51.100.1"), 2, "1.2.3.4"),
        (("10.0.0.1", 1), ("198.51.100.1",), 0, "10.0.0.1"),
        (("10.0.0.1", 1), ("nonsense",), 1, "10.0.0.1"),
        (("10.0.0.1", 1), ("198.51.100.1",), 2, "10.0.0.1"),
        (("2001:db8:1:2:3::4", 1, 0, 0), (), 1, "2001:db8:1:2::/64"),
        (("::ffff:8.8.8.8", 1, 0, 0), (), 1, "8.8.8.8"),
        ("", (), 1, "unknown"),
        (None, (), 1, "unknown"),
    ],
)
def test_the_client_is_what_the_nearest_proxy_of_ours_has_seen(
    peer: object, hops: tuple[str, ...], proxies: int, client: str
) -> None:
    assert client_of(request_from(peer, *hops), proxies) == client


@pytest.mark.parametrize(
    ("peer", "version", "here"),
    [
        (("127.0.0.1", 1), HttpVersion11, True),
        (("127.8.9.1", 1), HttpVersion11, True),
        (("::1", 1, 0, 0), HttpVersion11, True),
        (("::ffff:127.0.0.1", 1, 0, 0), HttpVersion11, True),
        (("127.0.0.1", 1), HttpVersion10, False),
        (("192.168.1.2", 1), HttpVersion11, False),
        ("", HttpVersion11, False),
        (None, HttpVersion11, False),
    ],
)
def test_only_a_loopback_peer_is_from_here(peer: object, version: Any, here: bool) -> None:
    assert calls_from_here(request_from(peer, version=version)) is here
