"""Server programs out of Debian's packages, without root and without installing anything.

apt gets a state of its own in which nothing is installed, downloads a package with
all that it depends on, down to the C library, and dpkg unpacks the lot into one
folder. Programs in there are started by the folder's own dynamic loader.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

DOWNLOAD_TIMEOUT_S = 600
ARCHITECTURES = {"x86_64": "x86_64-linux-gnu", "aarch64": "aarch64-linux-gnu"}
LOADERS = {"x86_64": "ld-linux-x86-64.so.2", "aarch64": "ld-linux-aarch64.so.1"}


class ServerError(Exception):
    """A server cannot be had or started; the message says which, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A folder with a program and everything that it needs."""

    root: Path

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command line that runs a program of the folder with the folder's libraries."""
        machine = os.uname().machine
        libraries = self.root / "usr" / "lib" / ARCHITECTURES[machine]
        loader = libraries / LOADERS[machine]
        paths = f"{libraries}:{libraries / 'private'}"
        return [str(loader), "--library-path", paths, str(self.root / program), *arguments]


def unpacked(package: str, suite: str | None, proof: str) -> Unpacked:
    """The package from a suite (None: the machine's own), fetched the first time only.

    `proof` is the path of the program that must be there afterwards. Raises
    ServerError when apt or the package cannot be had.
    """
    folder = _cache() / f"{package}-{suite or 'own'}"
    root = folder / "root"
    if not (root / proof).exists():
        if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
            raise ServerError(
                f"{package} is taken from Debian's packages, and this machine has no apt. "
                "Start the server in another way and set its URL in the environment."
            )
        shutil.rmtree(folder, ignore_errors=True)
        _download(package, suite, folder)
        _unpack(folder, root)
        if not (root / proof).exists():
            raise ServerError(f"{package} was unpacked to {root}, but has no {proof}.")
    return Unpacked(root)


def _cache() -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "kooch"


def _download(package: str, suite: str | None, folder: Path) -> None:
    for part in ("state/lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    options = [
        f"Dir::State={folder / 'state'}",
        f"Dir::State::status={folder / 'status'}",
        f"Dir::Cache={folder / 'cache'}",
        "Debug::NoLocking=1",
        "APT::Sandbox::User=",
        # The machine may be told to empty apt's caches after each use; not this one.
        "Dir::Etc::parts=/nonexistent",
        "APT::Update::Post-Invoke=",
        "DPkg::Post-Invoke=",
    ]
    if suite is not None:
        sources = folder / "sources.list"
        sources.write_text(f"deb {_debian_site()} {suite} main\n")
        options += [f"Dir::Etc::sourcelist={sources}", "Dir::Etc::sourceparts=/nonexistent"]
    apt = ["apt-get", "-qq", *(part for option in options for part in ("-o", option))]
    _run([*apt, "update"], f"The package lists for {package}")
    install = ["install", "--yes", "--no-install-recommends", "--download-only", package]
    _run([*apt, *install], f"The package {package}")


def _debian_site() -> str:
    """The mirror that this machine uses for Debian's own packages."""
    command = ["apt-get", "indextargets", "--format", "$(SITE)"]
    sites = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    for site in sites:
        if site.rstrip("/").endswith("/debian"):
            return site
    raise ServerError(
        "apt knows no mirror of Debian on this machine; set the server's URL instead."
    )


def _unpack(folder: Path, root: Path) -> None:
    root.mkdir()
    for archive in sorted((folder / "cache" / "archives").glob("*.deb")):
        _run(["dpkg", "-x", str(archive), str(root)], f"The archive {archive.name}")
    # Suites differ in whether /lib is a folder of its own; the loader wants one place.
    machine = ARCHITECTURES[os.uname().machine]
    for old in (root / "lib" / machine, root / "lib64"):
        if old.is_dir() and not old.is_symlink():
            target = root / "usr" / "lib" / machine
            target.mkdir(parents=True, exist_ok=True)
            for library in old.iterdir():
                if not (target / library.name).exists():
                    library.rename(target / library.name)


def _run(command: Sequence[str], what: str) -> None:
    try:
        subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=DOWNLOAD_TIMEOUT_S
        )
    except subprocess.TimeoutExpired as error:
        raise ServerError(f"{what} did not arrive within {DOWNLOAD_TIMEOUT_S} s.") from error
    except subprocess.CalledProcessError as error:
        raise ServerError(f"{what} cannot be had: {error.stderr.strip()[-800:]}") from error
