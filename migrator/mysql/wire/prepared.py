"""Reads rows by a prepared statement: the binary protocol is exact, and much like binlog rows.

Source: MySQL, "Prepared Statements" and "Binary Protocol Resultset" of the
client/server protocol; MariaDB speaks the same.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from struct import Struct

from migrator.errors import SourceError
from migrator.mysql.wire.driver import Driver, refusal
from migrator.mysql.wire.packets import (
    END_OF_FILE,
    ERROR,
    PacketReader,
    error_of,
    length_encoded,
    length_encoded_bytes,
)

STATEMENT_PREPARE = 0x16
STATEMENT_EXECUTE = 0x17
STATEMENT_CLOSE = 0x19
ANSWER_TIMEOUT_S = 600
END_SIZE_MAX = 9
"""A longer packet that begins with 0xFE is a row."""

PREPARED = Struct("<BIHH")
EXECUTE = Struct("<IBI")
DEFINITION = Struct("<BHIBHB")


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """One column of a result set.

    `type` is the protocol's number, `flags` are the column's (1 NOT NULL, 32
    UNSIGNED, 256 ENUM, 2048 SET), `collation` is a collation's id and `length` the
    longest text in bytes.
    """

    name: str
    type: int
    flags: int
    collation: int
    decimals: int
    length: int


class Answer:
    """The packets that answer one command, one by one or as many as have arrived."""

    def __init__(self, reader: PacketReader, driver: Driver) -> None:
        self._reader = reader
        self._driver = driver
        self._waiting: list[bytes] = []

    async def one(self) -> bytes:
        """The next packet; raises `SourceError` if it is an error of the server."""
        if not self._waiting:
            self._waiting = await self._reader.read(ANSWER_TIMEOUT_S)
            self._waiting.reverse()
        packet = self._waiting.pop()
        if packet[0] == ERROR:
            raise self.refused(packet)
        return packet

    async def some(self) -> list[bytes]:
        """The next packets, at least one."""
        if self._waiting:
            packets, self._waiting = self._waiting[::-1], []
            return packets
        return await self._reader.read(ANSWER_TIMEOUT_S)

    async def definitions(self, count: int) -> tuple[ResultColumn, ...]:
        """Read the definitions of `count` columns, and the packet that ends them."""
        if count == 0:
            return ()
        columns = tuple([_column(await self.one()) for _ in range(count)])
        await self.one()
        return columns

    def refused(self, packet: bytes) -> SourceError:
        """The error for an ERR packet."""
        return refusal(self._driver.source, *error_of(packet))


class Selection:
    """The result of one SELECT, whose rows are still to be read."""

    def __init__(
        self, driver: Driver, statement: int, answer: Answer, columns: tuple[ResultColumn, ...]
    ) -> None:
        self.columns = columns
        self._driver = driver
        self._statement = statement
        self._answer = answer

    async def packets(self) -> AsyncGenerator[list[bytes], None]:
        """Binary rows as sent, in lists of as many as one read brought.

        Each begins with 0x00 and the NULL bitmap, whose first column is bit 2. Raises
        `SourceError` if the SELECT fails midway, `SourceUnavailable` if the connection does.
        """
        ended = False
        try:
            while not ended:
                packets = await self._answer.some()
                # An end or an error is always the last packet: the server sends nothing after it.
                last = packets[-1]
                ended = last[0] == ERROR or (last[0] == END_OF_FILE and len(last) < END_SIZE_MAX)
                if rows := packets[:-1] if ended else packets:
                    yield rows
                if last[0] == ERROR:
                    raise self._answer.refused(last)
        finally:
            _close(self._driver, self._statement, ended)


async def prepare_and_execute(driver: Driver, sql: str) -> Selection:
    """Run a SELECT without parameters as a prepared statement, up to its first row."""
    statement = 0
    refused = complete = False
    try:
        answer = Answer(driver.command(STATEMENT_PREPARE, sql.encode("utf-8")), driver)
        _, statement, columns, parameters = PREPARED.unpack_from(await answer.one())
        await answer.definitions(parameters)
        await answer.definitions(columns)
        answer = Answer(driver.command(STATEMENT_EXECUTE, EXECUTE.pack(statement, 0, 1)), driver)
        described = await answer.definitions(_column_count(await answer.one()))
        selection = Selection(driver, statement, answer, described)
        complete = True
    except SourceError as error:
        refused = not error.retryable
        raise
    finally:
        if not complete:
            _close(driver, statement, refused)
    return selection


def _column_count(packet: bytes) -> int:
    count, _ = length_encoded(packet, 0)
    if count == 0:
        raise SourceError("A SELECT of the migrator returns no columns. Please report this.")
    return count


def _close(driver: Driver, statement: int, idle: bool) -> None:
    # Unread packets would be taken for the next answer, so the connection must go.
    if not idle:
        driver.close()
    elif statement and not driver.closed:
        driver.command(STATEMENT_CLOSE, statement.to_bytes(4, "little"))


def _column(packet: bytes) -> ResultColumn:
    at = 0
    texts: list[bytes] = []
    for _ in ("catalogue", "schema", "table", "original table", "name", "original name"):
        text, at = length_encoded_bytes(packet, at)
        texts.append(text)
    _, collation, length, kind, flags, decimals = DEFINITION.unpack_from(packet, at)
    return ResultColumn(texts[4].decode("utf-8"), kind, flags, collation, decimals, length)
