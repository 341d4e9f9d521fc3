"""Server programs from Debian's packages, without root and without installation.

A package is unpacked into one folder with all its dependencies, down to the C library, and
its programs are started by the dynamic loader in that folder. So a program of any suite runs
on any Debian.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from servers.lock import locked
from servers.packages.apt import Apt, debian_source
from servers.server import Progress, ServerError, silent

# The loader, in suites after and before /lib became a link to /usr/lib.
LOADERS = ("usr/lib/*/ld-linux*.so.*", "lib/*/ld-linux*.so.*")


@dataclass(frozen=True, slots=True)
class Package:
    """A package of a Debian suite (None: of the machine's own sources) and its program.

    `others` are unpacked into the same folder, with all their dependencies.
    """

    name: str
    program: str
    suite: str | None = None
    others: tuple[str, ...] = ()

    @property
    def root(self) -> Path:
        """The folder that holds the unpacked package, in the user's cache."""
        return cache() / f"{self.name}-{self.suite or 'own'}" / "root"

    def fetch(self, progress: Progress = silent) -> None:
        """Download and unpack it, unless that was done before. Raises ServerError."""
        if self.root.exists():
            return
        with locked(cache() / "lock"):
            if not self.root.exists():
                self._unpack(self._download(progress), progress)

    def command(self, *arguments: str) -> list[str]:
        """The command line that runs the program with the libraries of this package."""
        return self.command_of(self.root / self.program, *arguments)

    def command_of(self, program: Path, *arguments: str) -> list[str]:
        """The command line that runs any program with the libraries of this package."""
        loader = next(file for pattern in LOADERS for file in self.root.glob(pattern))
        triplet = loader.parent.name
        paths = (f"{self.root}/usr/lib/{triplet}", f"{self.root}/lib/{triplet}")
        return [str(loader), "--library-path", ":".join(paths), str(program), *arguments]

    def _download(self, progress: Progress) -> list[Path]:
        progress("reading the package lists")
        apt = Apt(cache() / "apt-own")
        apt.update()
        if self.suite is not None:
            source = debian_source(apt.debian_mirror(), self.suite)
            apt = Apt(cache() / f"apt-{self.suite}", source)
            apt.update()
        progress(f"downloading {self.name}")
        return apt.download(self.name, *self.others)

    def _unpack(self, archives: list[Path], progress: Progress) -> None:
        progress(f"unpacking {len(archives)} packages")
        # Rename the folder last, so that an interrupted attempt leaves none of this name.
        partial = self.root.with_name("partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            for archive in archives:
                subprocess.run(["dpkg", "-x", archive, partial], check=True, capture_output=True)
        except subprocess.CalledProcessError as error:
            raise ServerError(f"{archive.name} cannot be unpacked: {error.stderr!r}") from error
        if not (partial / self.program).exists():
            raise ServerError(
                f"Debian's package {self.name} no longer has {self.program}: its layout "
                "changed, and servers/packages must follow."
            )
        partial.rename(self.root)


def cache() -> Path:
    """The user's cache, which all checkouts share."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "kooch"
