"""A TCP proxy that cuts, freezes, delays and throttles what passes through it."""

import asyncio
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

CHUNK_BYTES = 65_536


class TcpProxy:
    """Stands before the server of a URL while its context lasts.

        async with TcpProxy("mysql://root@127.0.0.1:3306/") as proxy:
            connect(proxy.url)
            proxy.cut()            # Every connection ends by a reset; new ones are taken.
            proxy.refusing = True  # New connections are closed at once.
            proxy.freeze()         # Connections stay open and nothing passes, until `thaw`.
            proxy.delay_s = 0.05   # Each piece passes later, in both directions.
            proxy.bytes_per_s = 1e5
            proxy.chunk_bytes = 1

    `passed_bytes` counts what has passed since the start, in both directions.
    """

    def __init__(self, target_url: str) -> None:
        self.refusing = False
        self.delay_s = 0.0
        self.bytes_per_s = 0.0  # 0: as fast as it can.
        self.chunk_bytes = CHUNK_BYTES
        self.passed_bytes = 0
        self._target = urlsplit(target_url)
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """The target's URL with the proxy's address in it."""
        user, at, _ = self._target.netloc.rpartition("@")
        return urlunsplit(self._target._replace(netloc=f"{user}{at}127.0.0.1:{self.port}"))

    @property
    def connections(self) -> int:
        """How many connections pass through it now."""
        return len(self._writers) // 2

    def cut(self) -> None:
        """End every connection at once, and lose what was under way."""
        for writer in self._writers:
            writer.transport.abort()

    def freeze(self) -> None:
        """Let nothing pass, and leave every connection open."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Let everything pass again, what was held back first."""
        self._flowing.set()

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._join(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            writer.transport.abort()
            return
        try:
            there = await asyncio.open_connection(self._target.hostname, self._target.port)
        except OSError:
            writer.transport.abort()
            return
        pair = {writer, there[1]}
        self._writers |= pair
        pumps = [self._pump(reader, there[1]), self._pump(there[0], writer)]
        try:
            await asyncio.gather(*pumps)
        except OSError:
            pass  # One side has cut it: so does the other, below.
        finally:
            self._writers -= pair
            for end in pair:
                end.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while piece := await source.read(self.chunk_bytes):
            await asyncio.sleep(self.delay_s)
            if self.bytes_per_s:
                await asyncio.sleep(len(piece) / self.bytes_per_s)
            await self._flowing.wait()
            sink.write(piece)
            await sink.drain()
            self.passed_bytes += len(piece)
        sink.close()
