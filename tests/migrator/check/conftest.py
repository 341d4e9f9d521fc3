"""An empty database on each kind of source."""

import secrets
from collections.abc import AsyncIterator

import pytest

from migrator.mysql.wire.connection import SourceUrl, connect
from servers.mariadb import MariaDB
from servers.mysql import MySQL
from servers.process import exclusive
from tests.migrator.check.scene import Source

SOURCES = {"mysql": MySQL, "mariadb": MariaDB}


@pytest.fixture(params=SOURCES)
async def source(request: pytest.FixtureRequest) -> AsyncIterator[Source]:
    with exclusive():
        url = SOURCES[request.param]().start()
    database = f"check_{secrets.token_hex(4)}"
    async with await connect(SourceUrl.parse(url)) as connection:
        await connection.query(f"CREATE DATABASE {database}")
        try:
            yield Source(connection, database)
        finally:
            await connection.query(f"DROP DATABASE {database}")
