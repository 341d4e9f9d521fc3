"""Binlogs that are gone are noticed before the stream begins, and by the stream itself."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from migrator.errors import PositionLost
from migrator.mysql.binlog.dump import dump
from migrator.mysql.position.log import check_still_available, current_position
from migrator.mysql.wire.connection import SourceUrl, connect
from servers.mariadb import MariaDB
from servers.mysql import MySQL
from servers.process import free_port


@pytest.mark.parametrize("kind", [MySQL, MariaDB])
async def test_a_purged_position_is_lost(kind: type[MySQL | MariaDB], tmp_path: Path) -> None:
    server = kind(tmp_path, port=free_port(0))
    try:
        url = SourceUrl.parse(str(server.start()))
        async with await connect(url) as session:
            await session.query("CREATE DATABASE d")
            start = await current_position(session)
            await session.query("CREATE TABLE d.t (id INT)")
            await session.query("FLUSH BINARY LOGS")
            end = await current_position(session)
            await check_still_available(session, start)
            await session.query(f"PURGE BINARY LOGS TO '{end.file}'")

            await check_still_available(session, end)
            for lost in (start, replace(start, gtids="")):
                with pytest.raises(PositionLost, match="purged"):
                    await check_still_available(session, lost)
            with pytest.raises(PositionLost, match="no longer has"):
                await anext(_after_headers(dump(session, start, server_id=77, heartbeat_s=1)))
    finally:
        server.stop()


async def _after_headers(
    stream: AsyncGenerator[list[bytes], None],
) -> AsyncGenerator[list[bytes], None]:
    async for packets in stream:
        if any(packet[4] not in {4, 15, 161, 163} for packet in packets):
            yield packets
