"""The stream from the server, and what becomes of stored positions."""

import asyncio
import secrets
from dataclasses import replace

import pytest

from migrator.errors import PositionLost, SourceError, SourceUnavailable
from migrator.model.position import Position
from migrator.mysql.binlog.dump import dump
from migrator.mysql.position.gtid import GtidSet
from migrator.mysql.position.log import check_still_available, current_position
from migrator.mysql.wire.connection import Connection, SourceUrl, connect

OTHER = "3e11fa47-71ca-11e1-9e33-c80aa9429562"


def some_id() -> int:
    return 1_000_000 + secrets.randbelow(1 << 30)


async def test_a_quiet_server_sends_heartbeats(connection: Connection) -> None:
    start = await current_position(connection)

    codes: list[int] = []
    async with await connect(connection.url) as other, asyncio.timeout(10):
        stream = dump(other, start, server_id=some_id(), heartbeat_s=0.2)
        async for packets in stream:
            codes += [packet[4] for packet in packets]
            if {27, 41} & set(codes):
                break
        await stream.aclose()

    assert codes[:2] == [4, 15]


async def test_a_second_reader_of_the_same_id_is_named(mariadb: Connection) -> None:
    # MySQL tells replicas apart by their uuid, of which each stream has one of its own.
    connection = mariadb
    start = await current_position(connection)
    server_id = some_id()

    async def read() -> None:
        async with await connect(connection.url) as session:
            stream = dump(session, start, server_id=server_id, heartbeat_s=0.2)
            async for _ in stream:
                began.set()

    async with asyncio.timeout(10):
        began = asyncio.Event()
        first = asyncio.create_task(read())
        await began.wait()
        second = asyncio.create_task(read())
        await asyncio.wait({first, second}, return_when=asyncio.FIRST_COMPLETED)
        second.cancel()
        await asyncio.wait({first, second})

    with pytest.raises(SourceError, match="a different id"):
        first.result()


async def test_a_killed_stream_is_retryable(connection: Connection) -> None:
    start = await current_position(connection)
    session = await connect(connection.url)
    ((number,),) = await session.query("SELECT CONNECTION_ID()")
    stream = dump(session, start, server_id=some_id(), heartbeat_s=0.5)
    await anext(stream)
    await connection.query(f"KILL {number}")

    with pytest.raises(SourceUnavailable):
        async for _ in stream:
            pass
    await session.close()


async def test_the_present_position_can_be_continued(connection: Connection) -> None:
    position = await current_position(connection)

    await check_still_available(connection, position)
    await check_still_available(connection, Position())
    await check_still_available(connection, replace(position, gtids=""))


async def test_a_position_of_another_history_is_lost(
    mysql: Connection, mariadb: Connection
) -> None:
    ours = await current_position(mysql)
    foreign = GtidSet.parse(f"{ours.gtids},{OTHER}:1-3")

    with pytest.raises(PositionLost, match="never had"):
        await check_still_available(mysql, replace(ours, gtids=str(foreign)))
    with pytest.raises(PositionLost, match="never had"):
        await check_still_available(mariadb, Position(gtids="0-1-999999999"))
    with pytest.raises(PositionLost, match="never had"):
        await check_still_available(mariadb, Position(gtids="9-1-1"))


async def test_files_of_another_server_are_lost(connection: Connection) -> None:
    position = replace(await current_position(connection), gtids="")

    with pytest.raises(PositionLost, match="is in a file of the server"):
        await check_still_available(connection, replace(position, server="elsewhere"))
    with pytest.raises(PositionLost, match="purged"):
        await check_still_available(connection, replace(position, file="binlog.999999"))
    with pytest.raises(PositionLost, match="never had"):
        await check_still_available(connection, replace(position, offset=position.offset * 2))


async def test_a_file_that_is_gone_is_a_lost_position(mariadb_url: SourceUrl) -> None:
    async with await connect(mariadb_url) as session:
        start = Position(file="binlog.999999", offset=4)

        with pytest.raises(PositionLost, match="no longer has"):
            await anext(dump(session, start, server_id=some_id(), heartbeat_s=0.5))
