"""Reads the packets of the client/server protocol, many at a time.

A packet is a length of three bytes, a sequence number, and its payload; a payload of
16 MiB - 1 bytes or more continues in the next packet. Source: MySQL, "Protocol Basics".
"""

import asyncio
from struct import Struct

from migrator.errors import SourceUnavailable

READ_SIZE = 1 << 20
FULL = 0xFFFFFF
HEADER = Struct("<I")

OK = 0x00
END_OF_FILE = 0xFE
ERROR = 0xFF


class PacketReader:
    """Cuts the bytes of a socket into payloads.

    One read of the socket brings up to some hundred KiB, and `read` returns all packets
    that are complete in it as one list: a loop over a list costs far less than an `await`
    for each packet.
    """

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self._stream = stream
        self._chunks: list[bytes] = []
        self._have = 0
        self._need = 4
        self._begun: list[bytes] = []

    async def read(self, timeout_s: float) -> list[bytes]:
        """The next complete payloads, at least one; raises `SourceUnavailable`."""
        while True:
            data = await self._receive(timeout_s)
            self._chunks.append(data)
            self._have += len(data)
            # Join a large packet once, when it is complete, and not after every read.
            if self._have >= self._need and (payloads := self._split()):
                return payloads

    async def _receive(self, timeout_s: float) -> bytes:
        try:
            async with asyncio.timeout(timeout_s):
                data = await self._stream.read(READ_SIZE)
        except TimeoutError as error:
            raise SourceUnavailable(
                f"The source has sent nothing for {timeout_s:g} s. Look whether it is alive and "
                "whether the network lets its answers through."
            ) from error
        except OSError as error:
            raise SourceUnavailable(f"The connection to the source broke: {error}.") from error
        if not data:
            raise SourceUnavailable(
                "The source closed the connection. It was stopped, or the connection was "
                "ended there (KILL)."
            )
        return data

    def _split(self) -> list[bytes]:
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        payloads: list[bytes] = []
        at, end = 0, len(data)
        unpack = HEADER.unpack_from
        self._need = 4
        while at + 4 <= end:
            length = unpack(data, at)[0] & FULL
            after = at + 4 + length
            if after > end:
                self._need = 4 + length
                break
            if length == FULL or self._begun:
                self._begun.append(data[at + 4 : after])
                if length < FULL:
                    payloads.append(b"".join(self._begun))
                    self._begun.clear()
            else:
                payloads.append(data[at + 4 : after])
            at = after
        rest = data[at:]
        self._chunks = [rest] if rest else []
        self._have = len(rest)
        return payloads


def length_encoded(data: bytes, at: int) -> tuple[int, int]:
    """The length-encoded integer at `at`, and where it ends; raises IndexError beyond the end."""
    first = data[at]
    if first < 0xFB:
        return first, at + 1
    size = {0xFC: 2, 0xFD: 3, 0xFE: 8}[first]
    after = at + 1 + size
    if after > len(data):
        raise IndexError("a number is cut off")
    return int.from_bytes(data[at + 1 : after], "little"), after


def length_encoded_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    """The length-encoded string at `at`, and where it ends; raises IndexError beyond the end."""
    length, start = length_encoded(data, at)
    after = start + length
    if after > len(data):
        raise IndexError("a string is cut off")
    return data[start:after], after


def error_of(payload: bytes) -> tuple[int, str]:
    """Number and text of an ERR packet."""
    number = int.from_bytes(payload[1:3], "little")
    text = payload[3:]
    if text[:1] == b"#":  # The SQL state, five characters, precedes the text.
        text = text[6:]
    return number, text.decode("utf-8", "replace")
