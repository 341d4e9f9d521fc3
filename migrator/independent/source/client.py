"""An ordinary client of the source: it sends SQL, and gets the text that the server prints."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self, TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

import pymysql
from pymysql.cursors import SSCursor

from migrator.errors import ConfigurationError, SourceError, SourceUnavailable

Cell: TypeAlias = bytes | None
SourceRow: TypeAlias = tuple[Cell, ...]
CONNECT_TIMEOUT_S = 10
ANSWER_TIMEOUT_S = 300
TRIES = 3
RETRY_S = 1.0
# The server cannot be reached, has gone, or ends the connection.
UNAVAILABLE = {2002, 2003, 2006, 2013, 1040, 1053, 1927, 3169, 4031}
# Zero and invalid dates are compared with as they are stored; CHAR has no spaces at its end.
MODES = "ALLOW_INVALID_DATES"


def quoted(name: str) -> str:
    """An identifier in backticks."""
    return "`" + name.replace("`", "``") + "`"


class SourceClient:
    """One session of the source. Use it as `async with SourceClient(url) as client`."""

    def __init__(self, url: str) -> None:
        self._options = options_of(url)
        self._connection: pymysql.Connection[SSCursor] | None = None
        self._turn = threading.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self._close)

    def escaped(self, text: str) -> str:
        """A literal of SQL."""
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    async def rows(self, sql: str, bytes_max: int | None = None) -> list[SourceRow]:
        """The rows of one SELECT: the first ones only, if all have more bytes than `bytes_max`.

        A connection that breaks is opened again. Raises `SourceError`.
        """
        for _ in range(TRIES - 1):
            try:
                return await asyncio.to_thread(self._rows, sql, bytes_max)
            except SourceUnavailable:
                await asyncio.sleep(RETRY_S)
        return await asyncio.to_thread(self._rows, sql, bytes_max)

    def _rows(self, sql: str, bytes_max: int | None) -> list[SourceRow]:
        with self._turn, mapped_errors():
            try:
                if self._connection is None:
                    self._connection = pymysql.connect(**self._options)
                return self._fetch(self._connection, sql, bytes_max)
            except pymysql.err.Error:
                self._drop()
                raise

    def _fetch(
        self, connection: "pymysql.Connection[SSCursor]", sql: str, bytes_max: int | None
    ) -> list[SourceRow]:
        found: list[SourceRow] = []
        size = 0
        with connection.cursor() as cursor:
            cursor.execute(sql)
            for row in cursor:
                found.append(row)
                size += sum(map(len, filter(None, row)))
                if bytes_max is not None and size >= bytes_max:
                    break
        return found

    def _close(self) -> None:
        # A query that was given up may still run in its thread.
        with self._turn:
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None and self._connection.open:
            self._connection.close()
        self._connection = None


def options_of(url: str) -> dict[str, Any]:
    """The driver's options for a URL such as `mysql://user:password@host/?tls=verify&ca=FILE`.

    Raises `ConfigurationError`.
    """
    parts = urlsplit(url)
    asked = dict(parse_qsl(parts.query))
    return {
        "host": parts.hostname or "localhost",
        "port": parts.port or 3306,
        "user": unquote(parts.username or "root"),
        # As bytes: the driver encodes text as Latin-1, and servers expect UTF-8.
        "password": unquote(parts.password or "").encode(),
        "unix_socket": asked.get("socket"),
        **_encryption(asked),
        "charset": "utf8mb4",
        "use_unicode": False,
        "conv": {},
        "autocommit": True,
        "sql_mode": MODES,
        "init_command": "SET time_zone = '+00:00'",
        "connect_timeout": CONNECT_TIMEOUT_S,
        "read_timeout": ANSWER_TIMEOUT_S,
        "cursorclass": SSCursor,
    }


def _encryption(asked: dict[str, str]) -> dict[str, Any]:
    tls = asked.get("tls", "verify" if "ca" in asked else "prefer")
    if tls not in {"disable", "prefer", "require", "verify"}:
        raise ConfigurationError(
            "The source's URL has an unknown tls; it can be disable, prefer, require or verify."
        )
    if tls == "disable" or "socket" in asked:
        return {"ssl_disabled": True}
    if tls == "prefer":
        return {}
    try:
        context = ssl.create_default_context(cafile=asked.get("ca"))
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"The certificates in {asked.get('ca')} cannot be used: {error}. Correct `ca` in the "
            "source's URL."
        ) from error
    if tls == "require":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return {"ssl": context}


@contextmanager
def mapped_errors() -> Iterator[None]:
    """Turn the driver's errors into ours, without the text, which may repeat a row's key."""
    try:
        yield
    except pymysql.err.Error as error:
        number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        if number in UNAVAILABLE or isinstance(error, pymysql.err.InterfaceError):
            raise SourceUnavailable(
                f"The source did not answer the independent reader (error {number}). Check that "
                "it runs, and that the source's URL leads to it.",
                number,
            ) from error
        raise SourceError(
            f"The source refused a SELECT of the independent reader (error {number}). Check that "
            "the user of the source's URL may read the selected tables.",
            number,
        ) from error
    except OSError as error:
        raise SourceUnavailable(f"The source cannot be reached: {error}.") from error
