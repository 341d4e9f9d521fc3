"""Logs in at the server by aiomysql, and closes what aiomysql leaves open."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from typing import Any

import aiomysql
import pymysql.err
from pymysql.constants import CLIENT

from migrator.errors import ConfigurationError, SourceError, SourceUnavailable
from migrator.mysql.wire.packets import FULL, PacketReader
from migrator.mysql.wire.url import SourceUrl, Tls

CLOSE_TIMEOUT_S = 0.5
# The connection was refused or lost, or the server is shutting down or shedding load.
UNAVAILABLE = frozenset({2002, 2003, 2006, 2013, 2055, 1040, 1053, 1077, 1152, 1158, 1159, 1160,
                         1161, 1203, 1927, 3169, 4031})  # fmt: skip


HINTS = {
    1045: " Correct user and password in the source's URL; special characters are written as %XX.",
    1142: " `python -m migrator check` prints the GRANT that is missing.",
    1143: " `python -m migrator check` prints the GRANT that is missing.",
    1227: " `python -m migrator check` prints the GRANT that is missing.",
}
# The texts of these errors quote the statement, and with it values of keys.
REPEATING = frozenset({1064, 1292, 1411, 1525})


class SilentCursor(aiomysql.Cursor):  # type: ignore[misc]
    """A cursor that does not turn the server's notes into Python warnings."""

    async def _show_warnings(self, connection: Any) -> None:
        pass


class Driver(aiomysql.Connection):  # type: ignore[misc]  # aiomysql has no types.
    """A connection of aiomysql that enforces the TLS mode and protects the password."""

    def __init__(self, url: SourceUrl, **options: Any) -> None:
        # aiomysql encodes passwords as Latin-1; servers expect UTF-8.
        password = url.password.encode("utf-8").decode("latin-1")
        super().__init__(
            host=url.host,
            port=url.port,
            user=url.user,
            password=password,
            unix_socket=url.socket,
            ssl=url.tls_context(),
            cursorclass=SilentCursor,
            **options,
        )
        self.source = url
        self._ending: asyncio.StreamWriter | None = None
        self._must_encrypt = url.tls in {Tls.REQUIRE, Tls.VERIFY} and url.socket is None

    def command(self, code: int, body: bytes) -> PacketReader:
        """Send a command of the protocol, and return the reader of its answer."""
        with mapped_errors(self.source):
            self._ensure_alive()
            self._next_seq_id = 0
            data = bytes([code]) + body
            # A payload of exactly 16 MiB - 1 ends with an empty packet.
            for start in range(0, len(data) + 1, FULL):
                self.write_packet(data[start : start + FULL])
            return PacketReader(self._reader)

    def close(self) -> None:
        """Drop the connection at once."""
        self._ending = self._writer or self._ending
        super().close()

    async def ended(self) -> None:
        """Wait until the socket of a dropped connection is closed, for half a second at most."""
        # If the server does not close its side in time, TCP will.
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await asyncio.sleep(0)  # aiomysql closes some transports by itself.
                if self._ending is not None:
                    await self._ending.wait_closed()

    async def _get_server_information(self) -> None:
        await super()._get_server_information()
        if self.server_capabilities & CLIENT.SSL:
            return
        if self._must_encrypt:
            raise ConfigurationError(
                f"The source at {self._host} offers no TLS, and its URL requires it. Set up TLS "
                "there, or write tls=prefer."
            )
        # Otherwise aiomysql would announce TLS, and a server without TLS would hang up.
        self.client_flag &= ~CLIENT.SSL

    async def _process_auth(self, plugin_name: bytes, auth_packet: Any) -> Any:
        if plugin_name == b"mysql_clear_password" and not self._secure:
            raise ConfigurationError(
                f"The source at {self._host} asks for the password in clear over a connection "
                "without TLS. Write tls=verify in the source's URL."
            )
        return await super()._process_auth(plugin_name, auth_packet)


async def log_in(url: SourceUrl, timeout_s: float, **options: Any) -> Driver:
    """Connect and log in. Raises `SourceUnavailable` or `SourceError`."""
    async with AsyncExitStack() as failed:
        with mapped_errors(url):
            driver = Driver(url, **options)
            failed.push_async_callback(driver.ended)
            failed.callback(driver.close)
            async with asyncio.timeout(timeout_s):
                await driver._connect()
        failed.pop_all()
    return driver


@contextmanager
def mapped_errors(url: SourceUrl) -> Iterator[None]:
    """Turn the driver's errors into the migrator's."""
    try:
        yield
    except pymysql.err.Error as error:
        raise _mapped(url, error) from error
    except TimeoutError as error:
        raise SourceUnavailable(
            f"The source at {url} did not answer in time. Look whether it is alive."
        ) from error
    except ssl.SSLError as error:
        raise SourceError(
            f"TLS with the source at {url} failed: {error}. Correct tls and ca in its URL."
        ) from error
    except OSError as error:
        raise SourceUnavailable(f"The source at {url} cannot be reached: {error}.") from error


def _mapped(url: SourceUrl, error: pymysql.err.Error) -> SourceError:
    if isinstance(error.__cause__, ssl.SSLError):
        return SourceError(
            f"TLS with the source at {url} failed: {error.__cause__}. Correct tls and ca in its "
            "URL."
        )
    if isinstance(error, pymysql.err.InterfaceError) or not error.args:
        return SourceUnavailable(f"The connection to the source at {url} is closed.")
    return refusal(url, error.args[0], str(error.args[-1]))


def refusal(url: SourceUrl, number: object, text: str) -> SourceError:
    """The error for an error number and text of the server."""
    code = number if isinstance(number, int) else 0
    if number in UNAVAILABLE:
        return SourceUnavailable(f"The source at {url} is not available: {text} ({number}).", code)
    hint = HINTS.get(code, "")
    if code in REPEATING:
        text = "a statement of the migrator"
    return SourceError(f"The source at {url} refused: {text} ({number}).{hint}", code)
