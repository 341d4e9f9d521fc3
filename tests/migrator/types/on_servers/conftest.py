"""The servers that the types are tested with."""

from tests.migrator.mysql.on_servers.conftest import mariadb_url, mysql_url, url

__all__ = ["mariadb_url", "mysql_url", "url"]
