"""Clients that send slowly, or nothing, do not keep others out."""

import asyncio
import contextlib
import resource
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web

from service.http.server import connections
from service.http.server.connections import ConnectionLimits, Gate, connections_possible
from tests.service.conftest import SECRET, Start

Opened = Callable[[int, bytes], Awaitable[tuple[StreamReader, StreamWriter]]]
HALF = b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-"
ASK = b"GET /fast HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


async def fast(_request: web.Request) -> web.Response:
    """An answer."""
    return web.Response(text="served")


async def slow(_request: web.Request) -> web.Response:
    """An answer after a while."""
    await asyncio.sleep(30)
    return web.Response(text="late")


async def large(_request: web.Request) -> web.Response:
    """More than any buffer between us holds."""
    return web.Response(body=b"x" * 50_000_000)


@asynccontextmanager
async def gated(limits: ConnectionLimits) -> AsyncIterator[int]:
    """A small server behind a gate; its port."""
    app = web.Application()
    app.add_routes([web.get("/fast", fast), web.get("/slow", slow), web.get("/large", large)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    assert runner.server is not None
    gate = Gate(runner.server, limits)
    listener = await asyncio.get_running_loop().create_server(gate, "127.0.0.1", 0)
    watching = asyncio.create_task(gate.watch())
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        watching.cancel()
        listener.close()
        await runner.cleanup()


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "SWEEP_S", 0.05)
    monkeypatch.setattr(connections, "ANSWER_READ_TIMEOUT_S", 0.5)


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    """Opens a connection and sends something over it; all are closed after the test."""
    writers: list[asyncio.StreamWriter] = []

    async def open_one(port: int, sent: bytes) -> tuple[StreamReader, StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writers.append(writer)
        writer.write(sent)
        await asyncio.sleep(0.05)
        return reader, writer

    yield open_one
    for writer in writers:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def served(port: int) -> str:
    """What an honest client gets."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/fast") as r,
    ):
        return await r.text()


@pytest.mark.parametrize("sent", [b"", HALF])
async def test_a_connection_without_a_whole_header_is_closed(opened: Opened, sent: bytes) -> None:
    async with gated(ConnectionLimits(10, 0.3, 60)) as port:
        reader, _ = await opened(port, sent)

        async with asyncio.timeout(5):
            rest = await reader.read()

        assert rest == b""


async def test_a_client_that_does_not_read_its_answer_is_let_go(opened: Opened) -> None:
    async with gated(ConnectionLimits(10, 60, 0.1)) as port:
        reader, writer = await opened(port, b"GET /large HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        await asyncio.sleep(2)
        writer.transport.resume_reading()  # type: ignore[attr-defined]

        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            async with asyncio.timeout(5):
                await reader.readexactly(50_000_000)


async def test_idle_connections_make_room_for_those_that_ask(opened: Opened) -> None:
    async with gated(ConnectionLimits(5, 60, 60)) as port:
        idle = [await opened(port, b"") for _ in range(5)]

        answers = [await served(port) for _ in range(3)]

        assert answers == ["served"] * 3
        # The oldest has gone.
        assert await idle[0][0].read() == b""


async def test_a_kept_connection_stays_while_others_have_sent_nothing(opened: Opened) -> None:
    async with gated(ConnectionLimits(2, 60, 60)) as port:
        reader, writer = await opened(port, ASK)
        await opened(port, b"")

        await served(port)
        writer.write(ASK)

        async with asyncio.timeout(5):
            answer = await reader.readuntil(b"servedHTTP/1.1 200 OK")
        assert answer.startswith(b"HTTP/1.1 200 OK")


async def test_when_all_are_busy_the_next_is_told_so(opened: Opened) -> None:
    async with gated(ConnectionLimits(3, 60, 60)) as port:
        for _ in range(3):
            await opened(port, b"GET /slow HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")

        reader, _ = await opened(port, ASK)
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")

        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nRetry-After: 1\r\n" in head
        assert f"Content-Length: {len(body)}".encode() in head
        assert orjson.loads(body)["errors"][0]["message"].startswith("All connections are taken")


async def test_what_was_closed_is_logged_once_for_all(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[dict[str, Any]] = []
    record: Callable[..., None] = lambda event, **values: lines.append({"event": event} | values)  # noqa: E731
    monkeypatch.setattr(connections.log, "warning", record, raising=False)

    async with gated(ConnectionLimits(50, 0.2, 60)) as port:
        for _ in range(8):
            await opened(port, HALF)
        await asyncio.sleep(1)

    assert {line["event"] for line in lines} == {"connections closed"}
    assert {line["reason"] for line in lines} == {"sent no whole header in time"}
    assert sum(line["count"] for line in lines) == 8


def test_no_more_connections_are_taken_than_there_are_descriptors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = [(256, 1_024)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: limits.append(pair))

    assert connections_possible(20) == 20
    assert limits == [(256, 1_024)]
    assert connections_possible(500) == 500
    assert limits[-1] == (728, 1_024)
    assert connections_possible(5_000) == 796
    assert limits[-1] == (1_024, 1_024)


async def test_a_body_that_does_not_arrive_is_408(opened: Opened, start: Start) -> None:
    _, url = await start(SERVICE_HEADER_TIMEOUT_S="1", SERVICE_SECRET=SECRET)
    port = int(url.rpartition(":")[2])
    answers = []

    for path in ("/graphql", "/products"):
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        reader, _ = await opened(port, head.encode() + b'Content-Length: 99\r\n\r\n{"query"')
        async with asyncio.timeout(10):
            answers.append(await reader.readline())

    assert [answer.split()[1] for answer in answers] == [b"408", b"408"]
