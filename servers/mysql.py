"""MySQL 9, from Debian's unstable suite: the stable suites have MariaDB only."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from servers.packages.debian import Package
from servers.sql import SQLServer


class MySQL(SQLServer):
    """A private MySQL server; root has no password on 127.0.0.1."""

    name = "mysql"
    variable = "SERVICE_MYSQL_URL"
    preferred_port = 33_061
    package = Package("mysql-server-core", "usr/sbin/mysqld", suite="unstable")
    options: ClassVar[Sequence[str]] = (
        "--gtid-mode=ON",
        "--enforce-gtid-consistency=ON",
        "--mysqlx=OFF",
    )

    def _program_paths(self) -> Sequence[str]:
        usr = self.package.root / "usr"
        return (
            f"--basedir={usr}",
            f"--lc-messages-dir={usr}/share/mysql",
            "--secure-file-priv=NULL",
        )

    def _initialise(self, data: Path) -> None:
        self._run(data, "--initialize-insecure")
