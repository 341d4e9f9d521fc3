"""MariaDB, from the machine's own Debian suite."""

import subprocess

from tests.servers.debian import ServerError, Unpacked, unpacked
from tests.servers.process import Process
from tests.servers.sql import OPTIONS, answers, options

NAME = "mariadb"
VARIABLE = "SERVICE_MARIADB_URL"
PORT_PREFERRED = 33_062
PROGRAM = "usr/sbin/mariadbd"
# What MariaDB's own mariadb-install-db feeds to the server, which is a script
# that would not start the program by the loader that belongs to it.
SYSTEM_TABLES = (
    "mysql_system_tables.sql",
    "mysql_performance_tables.sql",
    "mysql_system_tables_data.sql",
    "maria_add_gis_sp_bootstrap.sql",
)


class MariaDB:
    """A private MariaDB server, root without a password on 127.0.0.1."""

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
            package = unpacked("mariadb-server-core", None, PROGRAM)
            common = self._common(package)
            if not (self.process.folder / "data" / "mysql").exists():
                self._initialise(package, common)
            command = package.command(PROGRAM, *common, *OPTIONS)
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
            f"--plugin-dir={usr / 'lib' / 'mysql' / 'plugin'}",
            *options(self.process),
        ]

    def _initialise(self, package: Unpacked, common: list[str]) -> None:
        (self.process.folder / "data").mkdir(parents=True, exist_ok=True)
        share = package.root / "usr" / "share" / "mysql"
        statements = [
            "CREATE DATABASE mysql;\nUSE mysql;\n",
            "SET @skip_auth_anonymous = 1;\nSET @auth_root_socket = NULL;\n",
            *((share / name).read_text("utf-8") for name in SYSTEM_TABLES),
        ]
        command = package.command(PROGRAM, *common, "--bootstrap", "--log-warnings=0")
        done = subprocess.run(
            command, input="\n".join(statements), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ServerError(f"MariaDB could not make its data folder.\n{done.stderr[-1500:]}")
