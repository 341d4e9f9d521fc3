"""The three kinds of sources: MySQL that logs cascades, MySQL that does not, MariaDB."""

import pytest

from servers.mariadb import MariaDB
from servers.mysql import MySQL
from servers.native_mysql import NativeMySQL
from servers.process import exclusive
from tests.migrator.road import Source

SOURCES = (MySQL(), NativeMySQL(), MariaDB())


@pytest.fixture(params=SOURCES, ids=[server.name for server in SOURCES])
def source(request: pytest.FixtureRequest) -> Source:
    """An empty database of this test's own, on each kind of source."""
    with exclusive():
        return Source(request.param.start())
