"""The peers' own libraries, installed once into `.bench` from files with exact versions."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.server import FOLDER, BenchmarkError

PEERS = Path(__file__).resolve().parent / "peers"
INSTALL_TIMEOUT_S = 900.0


def prepare_folder() -> None:
    """Make `.bench`, and keep it out of version control."""
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / ".gitignore").write_text("*\n")


def python_environment(requirements: Path) -> Path:
    """The interpreter of a virtual environment with exactly these requirements."""
    folder = FOLDER / requirements.parent.name
    python = folder / "bin" / "python"

    def install() -> None:
        _run([sys.executable, "-m", "venv", str(folder)])
        _run([str(python), "-m", "pip", "install", "--quiet", "-r", str(requirements)])

    _once(folder, requirements, install)
    return python


def node_environment(source: Path) -> Path:
    """A copy of a Node.js program with its packages beside it."""
    if shutil.which("npm") is None:
        raise BenchmarkError("npm is missing: install Node.js 20, or leave mercurius out.")
    folder = FOLDER / source.name

    def install() -> None:
        folder.mkdir()
        shutil.copy(source / "package.json", folder)
        _run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"], folder)

    _once(folder, source / "package.json", install)
    for file in source.glob("*.js"):
        shutil.copy(file, folder)
    return folder


def _once(folder: Path, wanted: Path, install: Callable[[], None]) -> None:
    digest = hashlib.sha256(wanted.read_bytes()).hexdigest()
    stamp = folder / "installed.sha256"
    if stamp.exists() and stamp.read_text() == digest:
        return
    shutil.rmtree(folder, ignore_errors=True)
    install()
    stamp.write_text(digest)


def _run(command: Sequence[str], folder: Path | None = None) -> None:
    done = subprocess.run(
        command,
        cwd=folder or FOLDER,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=INSTALL_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        shown = " ".join(command)
        raise BenchmarkError(f"{shown} failed:\n{(done.stdout + done.stderr)[-2_000:]}")
