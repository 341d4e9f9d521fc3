"""The base class of MySQL and MariaDB."""

import os
import shutil
import subprocess
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pymysql

from servers.packages.debian import Package
from servers.private import PrivateServer
from servers.server import Progress, ServerError, ServerUrl, silent

INITIALISE_TIMEOUT_S = 120
ANSWER_TIMEOUT_S = 2
# The log that change data capture needs, and the memory that a test machine can spare. All
# options that concern durability are as on a server that must not lose data.
OPTIONS = (
    "--bind-address=127.0.0.1",
    "--character-set-server=utf8mb4",
    "--max-connections=400",
    "--innodb-buffer-pool-size=256M",
    "--performance-schema=OFF",
    "--server-id=1",
    "--log-bin=binlog",
    "--binlog-format=ROW",
    "--binlog-row-image=FULL",
    "--binlog-row-metadata=FULL",
    "--sync-binlog=1",
    "--max-allowed-packet=256M",
    "--local-infile=ON",
)


class SQLServer(PrivateServer):
    """A private SQL server; root has no password on 127.0.0.1."""

    package: ClassVar[Package]
    options: ClassVar[Sequence[str]] = ()

    @property
    def url(self) -> ServerUrl:
        """The server, without a database."""
        return ServerUrl(f"mysql://root@127.0.0.1:{self.process.port}/")

    def ensure_installed(self, progress: Progress = silent) -> None:
        """Fetch the program unless it is there. Raises ServerError."""
        self.package.fetch(progress)

    def answers(self) -> bool:
        """Whether root can log in over TCP, and reaches this instance."""
        try:
            connection = pymysql.connect(
                host="127.0.0.1",
                port=self.process.port,
                user="root",
                connect_timeout=ANSWER_TIMEOUT_S,
                read_timeout=ANSWER_TIMEOUT_S,
            )
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT @@datadir")
                row = cursor.fetchone()
        except pymysql.err.MySQLError:
            return False
        return row is not None and Path(row[0]) == self._data

    def _launch(self, progress: Progress) -> None:
        if not self._data.exists():
            progress("making the data folder")
            self._make_data()
        progress("starting")
        self.process.start(self._command, self.answers)

    @abstractmethod
    def _program_paths(self) -> Sequence[str]:
        """The options that tell the unpacked program where its own files are."""

    @abstractmethod
    def _initialise(self, data: Path) -> None:
        """Fill an empty data folder with `_run`."""

    def _run(self, data: Path, *arguments: str, statements: str = "") -> None:
        subprocess.run(
            self._program(data, *arguments),
            input=statements,
            capture_output=True,
            text=True,
            check=True,
            timeout=INITIALISE_TIMEOUT_S,
        )

    def _program(self, data: Path, *arguments: str) -> list[str]:
        # Both refuse to run as root without this option.
        user = ["--user=root"] if os.geteuid() == 0 else []
        paths = ["--no-defaults", *self._program_paths(), f"--datadir={data}", *user]
        return self.package.command(*paths, *arguments)

    def _command(self, port: int) -> list[str]:
        # The socket's path is relative to the data folder, because it may have 107 bytes only.
        # Each server has a separate folder for temporary files, because it empties it.
        here = (f"--port={port}", "--socket=socket", f"--tmpdir={self.process.folder}")
        return self._program(self._data, *here, *OPTIONS, *self.options)

    def _make_data(self) -> None:
        # Rename the folder last, so that an interrupted attempt leaves none of this name.
        partial = self._data.with_name("data.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            self._initialise(partial)
        except subprocess.TimeoutExpired as error:
            raise ServerError(
                f"{self.name} did not make {partial} within {INITIALISE_TIMEOUT_S} s; try again "
                "when the machine is less busy."
            ) from error
        except subprocess.CalledProcessError as error:
            raise ServerError(
                f"{self.name} cannot make {partial}:\n{error.stderr[-1500:]}"
            ) from error
        partial.rename(self._data)
