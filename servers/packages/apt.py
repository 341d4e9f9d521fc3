"""apt with a separate state: it needs no root, and changes nothing on the machine."""

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
# This adds to the machine's configuration, which says how to reach a mirror. It clears the
# hooks, which would empty the machine's caches, and the long lists for desktops; it ignores
# pins, and needs no lock besides that of our cache.
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
    """apt over a folder in which nothing is installed, not even the C library.

    `source` is a line of sources.list(5); without one, it uses the machine's sources.
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
        """The archives of the packages and of all their dependencies. Raises ServerError."""
        # The caller unpacks all archives in the folder, so remove those of earlier downloads.
        archives = self.folder / "cache" / "archives"
        shutil.rmtree(archives)
        (archives / "partial").mkdir(parents=True)
        self._run("install", "--yes", "--download-only", *packages)
        return sorted(archives.glob("*.deb"))

    def debian_mirror(self) -> str:
        """The mirror that these sources use for Debian's own packages. Raises ServerError."""
        # Other repositories have paths like Debian's, so compare the signed origin and label.
        form = "$(ORIGIN)/$(LABEL) $(SITE)"
        for line in self._run("indextargets", "--format", form, "Created-By: Packages").split("\n"):
            origin, _, site = line.partition(" ")
            if origin == "Debian/Debian" and site.startswith("http"):
                return site
        raise ServerError(
            "apt reaches no mirror of Debian on this machine. If /etc/apt names one, `apt-get "
            "update` shows why; other distributions do not have the packages that are needed."
        )

    def _run(self, *arguments: str) -> str:
        if shutil.which("apt-get") is None:
            raise ServerError(
                "The servers come from Debian's packages, and this machine has no apt-get. "
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
    # If no keyring exists, apt uses the keys that it trusts for every source.
    keyring = next((f"[signed-by={file}] " for file in KEYRINGS if file.exists()), "")
    return f"deb {keyring}{mirror} {suite} main"
