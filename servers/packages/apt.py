"""apt with a state of its own: without root, and without a trace on the machine."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from servers.server import ServerError

APT_TIMEOUT_S = 600
KEYRINGS = tuple(
    Path("/usr/share/keyrings", name)
    for name in ("debian-archive-keyring.pgp", "debian-archive-keyring.gpg")
)
# The machine's own configuration stays in force where it says how to reach a mirror.
# Its hooks go: they would empty the machine's caches, and lists for desktops are long.
# Nobody's pins count here, and no lock is needed beside the one of our cache.
CONFIGURATION = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
#clear Acquire::IndexTargets::deb::DEP-11;
Dir::State "{folder}/state/";
Dir::State::lists "{folder}/state/lists/";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache/";
Dir::Cache::archives "{folder}/cache/archives/";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Install-Recommends "false";
APT::Sandbox::User "";
Debug::NoLocking "true";
"""
OWN_SOURCE = """\
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
APT::Update::Error-Mode "any";
"""


@dataclass(frozen=True, slots=True)
class Apt:
    """apt over a folder, where nothing is installed yet, down to the C library.

    `source` is a line of sources.list(5); without one, the machine's sources count.
    """

    folder: Path
    source: str | None = None

    def update(self) -> None:
        """Fetch the package lists. Raises ServerError."""
        for part in ("state/lists/partial", "cache/archives/partial"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        configuration = CONFIGURATION
        if self.source is not None:
            configuration += OWN_SOURCE
            (self.folder / "sources.list").write_text(f"{self.source}\n")
        (self.folder / "apt.conf").write_text(configuration.format(folder=self.folder))
        self._run("update")

    def download(self, *packages: str) -> list[Path]:
        """The archives of the packages and of all that they need. Raises ServerError."""
        # What an older list asked for must not be unpacked beside what this one asks for.
        archives = self.folder / "cache" / "archives"
        shutil.rmtree(archives)
        (archives / "partial").mkdir(parents=True)
        self._run("install", "--yes", "--download-only", *packages)
        return sorted(archives.glob("*.deb"))

    def debian_mirror(self) -> str:
        """The mirror that these sources use for Debian's own packages. Raises ServerError."""
        # Others' repositories have paths like Debian's; the signed Release files tell them apart.
        form = "$(ORIGIN)/$(LABEL) $(SITE)"
        for line in self._run("indextargets", "--format", form, "Created-By: Packages").split("\n"):
            origin, _, site = line.partition(" ")
            if origin == "Debian/Debian" and site.startswith("http"):
                return site
        raise ServerError(
            "apt reaches no mirror of Debian on this machine. `apt-get update` shows why, when "
            "/etc/apt names one; other distributions do not have the packages that are needed."
        )

    def _run(self, *arguments: str) -> str:
        if shutil.which("apt-get") is None:
            raise ServerError(
                "The servers come out of Debian's packages, and this machine has no apt-get. "
                "`docker compose up --detach --wait` starts the same ones at the same URLs, "
                "which compose.yaml lists; or use a machine with Debian."
            )
        command = ["apt-get", "-qq", "-c", str(self.folder / "apt.conf"), *arguments]
        try:
            return subprocess.run(
                command, check=True, capture_output=True, text=True, timeout=APT_TIMEOUT_S
            ).stdout
        except subprocess.TimeoutExpired as error:
            raise ServerError(
                f"`{' '.join(command)}` took more than {APT_TIMEOUT_S} s. "
                "Look at the network, and try again: what arrived is kept."
            ) from error
        except subprocess.CalledProcessError as error:
            raise ServerError(
                f"`{' '.join(command)}` failed:\n{error.stderr.strip()[-800:]}\n"
                "Look at the network and at the sources in /etc/apt, and try again."
            ) from error


def debian_source(mirror: str, suite: str) -> str:
    """A suite's line for sources.list, checked by the keys that come with Debian."""
    # Without the keyring's file, apt falls back to the keys it trusts for every source.
    keyring = next((f"[signed-by={file}] " for file in KEYRINGS if file.exists()), "")
    return f"deb {keyring}{mirror} {suite} main"
