"""MariaDB, from the machine's own Debian suite."""

from collections.abc import Sequence
from pathlib import Path

from servers.packages.debian import Package
from servers.sql import SQLServer

# The scripts that mariadb-install-db feeds to the server. It cannot be used itself, because
# it would not start the server by the loader of its package. MariaDB 10 keeps them in
# share/mysql as mysql_*.sql, MariaDB 11 in share/mariadb as mariadb_*.sql.
SYSTEM_TABLES = (
    "*_system_tables.sql",
    "*_performance_tables.sql",
    "*_system_tables_data.sql",
    "maria_add_gis_sp_bootstrap.sql",
)
# Root logs in without a password, instead of by unix_socket as the system's root.
SETTINGS = "SET @skip_auth_anonymous = 1;\nSET @auth_root_socket = NULL;\n"


class MariaDB(SQLServer):
    """A private MariaDB server; root has no password on 127.0.0.1."""

    name = "mariadb"
    variable = "SERVICE_MARIADB_URL"
    preferred_port = 33_062
    package = Package("mariadb-server-core", "usr/sbin/mariadbd")

    @property
    def _share(self) -> Path:
        share = self.package.root / "usr" / "share"
        return next(share / name for name in ("mariadb", "mysql") if (share / name).exists())

    def _program_paths(self) -> Sequence[str]:
        usr = self.package.root / "usr"
        return (
            f"--basedir={usr}",
            f"--lc-messages-dir={self._share}",
            f"--plugin-dir={usr}/lib/mysql/plugin",
        )

    def _initialise(self, data: Path) -> None:
        scripts = [next(self._share.glob(name)).read_text("utf-8") for name in SYSTEM_TABLES]
        statements = "\n".join(("CREATE DATABASE mysql;\nUSE mysql;\n", SETTINGS, *scripts))
        self._run(data, "--bootstrap", "--log-warnings=0", statements=statements)
