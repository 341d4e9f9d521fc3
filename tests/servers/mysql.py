"""MySQL 9, from Debian's unstable suite: the stable ones have MariaDB only."""

import subprocess

from tests.servers.debian import ServerError, Unpacked, unpacked
from tests.servers.process import Process
from tests.servers.sql import OPTIONS, answers, options

NAME = "mysql"
VARIABLE = "SERVICE_MYSQL_URL"
PORT_PREFERRED = 33_061
PROGRAM = "usr/sbin/mysqld"


class MySQL:
    """A private MySQL server, root without a password on 127.0.0.1."""

    name = NAME
    variable = VARIABLE

    def __init__(self) -> None:
        self.process = Process(NAME, PORT_PREFERRED)

    @property
    def url(self) -> str:
        """The server, without a database."""
        return f"mysql://root@127.0.0.1:{self.process.port}/"

    def start(self) -> str:
        """Fetch, initialise and start what is not yet; return the URL."""
        if not self.process.is_running():
            package = unpacked("mysql-server-core", "unstable", PROGRAM)
            common = self._common(package)
            if not (self.process.folder / "data" / "mysql.ibd").exists():
                self._initialise(package, common)
            gtid = ["--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--mysqlx=OFF"]
            command = package.command(PROGRAM, *common, *OPTIONS, *gtid)
            self.process.start(command, lambda: answers(self.process.port))
        return self.url

    def stop(self) -> None:
        """Stop it, if it runs."""
        self.process.stop()

    def _common(self, package: Unpacked) -> list[str]:
        usr = package.root / "usr"
        return [
            "--no-defaults",
            f"--basedir={usr}",
            f"--lc-messages-dir={usr / 'share' / 'mysql'}",
            "--secure-file-priv=NULL",
            *options(self.process),
        ]

    def _initialise(self, package: Unpacked, common: list[str]) -> None:
        command = package.command(PROGRAM, *common, "--initialize-insecure")
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerError(f"MySQL could not make its data folder.\n{done.stderr[-1500:]}")
