"""A connection to the source: text queries, and exact rows by prepared statements."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

from migrator.errors import SourceUnavailable
from migrator.mysql.wire.driver import Driver, log_in, mapped_errors
from migrator.mysql.wire.packets import PacketReader
from migrator.mysql.wire.prepared import Selection, prepare_and_execute
from migrator.mysql.wire.url import SourceUrl, Tls

__all__ = ["Connection", "Flavour", "ServerInfo", "SourceUrl", "Tls", "connect"]

NET_TIMEOUT_S = 600
"""How long the server waits for us to read or write, and how long we wait for its answer."""
QUIT = 0x01
GENERATED_KEYS_SINCE = (8, 0, 30)
"""From this version on, MySQL can hide the primary keys that it generates."""


class Flavour(StrEnum):
    """Which of the two families a server belongs to."""

    MYSQL = "MySQL"
    MARIADB = "MariaDB"


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """What `connect` learns about a server.

    `identity` is its server_uuid, on MariaDB its server_id: file names and offsets
    of its binlog are valid on that server only. If the server `folds` names, it ignores
    their case.
    """

    flavour: Flavour
    version: str
    version_tuple: tuple[int, ...]
    identity: str
    gtid_mode: bool
    folds: bool = False

    @property
    def has_gtids(self) -> bool:
        """Whether its transactions have global ids."""
        return self.is_mariadb or self.gtid_mode

    @property
    def is_mariadb(self) -> bool:
        """Whether it is MariaDB."""
        return self.flavour is Flavour.MARIADB


class Connection:
    """One session at the source, for one task at a time; `connect` makes it."""

    def __init__(self, driver: Driver, url: SourceUrl, server: ServerInfo) -> None:
        self.url = url
        self.server = server
        self._driver = driver
        self._as_stored = False

    async def query(self, sql: str, *args: object) -> list[tuple[Any, ...]]:
        """The rows of one statement, text as `str`; `args` replace its %s.

        Raises `SourceUnavailable` if the connection is broken, else `SourceError`.
        """
        if self._as_stored:
            await _rows(self._driver, self.url, "SET character_set_results = utf8mb4")
            self._as_stored = False
        return await _rows(self._driver, self.url, sql, *args)

    async def select(self, sql: str) -> Selection:
        """Prepare and execute a SELECT; its rows come in the binary protocol.

        Text arrives in each column's own character set. Read the whole selection before the
        next statement; leaving it early closes the connection.
        """
        if not self._as_stored:
            await _rows(self._driver, self.url, "SET character_set_results = NULL")
            self._as_stored = True
        return await prepare_and_execute(self._driver, sql)

    def command(self, code: int, body: bytes) -> PacketReader:
        """Send a command of the protocol, and return the reader of its answer."""
        return self._driver.command(code, body)

    @property
    def closed(self) -> bool:
        """Whether it can no longer be used."""
        return bool(self._driver.closed)

    def abort(self) -> None:
        """Drop the connection at once, even in the middle of a statement."""
        self._driver.close()

    async def close(self) -> None:
        """Send QUIT and close; does not raise if the server is gone already."""
        if not self.closed:
            self._driver.command(QUIT, b"")
        self._driver.close()
        await self._driver.ended()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


async def connect(
    url: SourceUrl, *, database: str | None = None, timeout_s: float = 10
) -> Connection:
    """Log in at the source, MySQL or MariaDB; UTC, autocommit, utf8mb4.

    Raises `SourceUnavailable` if it cannot be reached, `SourceError` if it refuses.
    """
    driver = await log_in(url, timeout_s, db=database, charset="utf8mb4", autocommit=True)
    async with AsyncExitStack() as failed:
        failed.push_async_callback(driver.ended)
        failed.callback(driver.close)
        try:
            async with asyncio.timeout(timeout_s):
                await _rows(
                    driver,
                    url,
                    "SET time_zone = '+00:00', sql_mode = 'ALLOW_INVALID_DATES', "
                    f"net_read_timeout = {NET_TIMEOUT_S}, net_write_timeout = {NET_TIMEOUT_S}",
                )
                server = await _server_info(driver, url)
        except TimeoutError as error:
            raise SourceUnavailable(
                f"The source at {url} accepted the log-in, and then did not answer within "
                f"{timeout_s:g} s. Look whether it is overloaded."
            ) from error
        failed.pop_all()
    return Connection(driver, url, server)


async def _server_info(driver: Driver, url: SourceUrl) -> ServerInfo:
    ((version,),) = await _rows(driver, url, "SELECT VERSION()")
    if "MariaDB" in version:
        ((identity, case),) = await _rows(
            driver, url, "SELECT @@server_id, @@lower_case_table_names"
        )
        return ServerInfo(
            Flavour.MARIADB, version, _numbers(version), str(identity), False, bool(case)
        )
    ((identity, gtid_mode, case),) = await _rows(
        driver,
        url,
        "SELECT @@global.server_uuid, @@global.gtid_mode, @@lower_case_table_names",
    )
    numbers = _numbers(version)
    if numbers >= GENERATED_KEYS_SINCE:
        await _rows(driver, url, "SET show_gipk_in_create_table_and_information_schema = ON")
    is_on = str(gtid_mode).upper() == "ON"
    return ServerInfo(Flavour.MYSQL, version, numbers, identity, is_on, bool(case))


async def _rows(driver: Driver, url: SourceUrl, sql: str, *args: object) -> list[tuple[Any, ...]]:
    with mapped_errors(url):
        async with asyncio.timeout(NET_TIMEOUT_S), driver.cursor() as cursor:
            await cursor.execute(sql, args or None)
            return list(await cursor.fetchall())


def _numbers(version: str) -> tuple[int, ...]:
    # "9.7.4-2", "10.11.19-MariaDB-0+deb12u1-log"
    return tuple(int(part) for part in version.split("-")[0].split(".") if part.isdigit())
