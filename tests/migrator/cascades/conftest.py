"""The three kinds of sources: MySQL that logs cascades, MySQL that does not, MariaDB."""

import pytest

from servers.mariadb import MariaDB
from servers.mysql import MySQL
from servers.native_mysql import NativeMySQL
from servers.process import exclusive
from servers.sql import SQLServer
from tests.migrator.road import Source

SERVERS: dict[str, SQLServer] = {
    server.name: server for server in (MySQL(), NativeMySQL(), MariaDB())
}
HIDING = ("mysql-native", "mariadb")
"""Those whose log does not show what a foreign key does to the children."""


@pytest.fixture(params=HIDING)
def source(request: pytest.FixtureRequest) -> Source:
    """An empty database of this test's own, on each source that hides cascades.

    A few tests ask for all `SERVERS`: where the log shows the children, nothing may be done twice.
    """
    with exclusive():
        return Source(SERVERS[request.param].start())
