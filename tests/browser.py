"""The browser of the tests: `python -m tests.browser` installs Debian's Chromium if need be."""

import os
import shutil
import subprocess
import sys

INSTALL_TIMEOUT_S = 600
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    *(("--no-sandbox",) if os.geteuid() == 0 else ()),
)


def executable() -> str | None:
    """The path of a Chromium, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def install() -> None:
    """Install Chromium from Debian's packages. Exits with a message where that is impossible."""
    if executable() is not None:
        return
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        sys.exit("The tests drive a browser: please install Chromium (apt-get install chromium).")
    print("Installing Chromium for the tests of the playground ...", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "-qq", "update"],
        ["apt-get", "-qq", "install", "--yes", "--no-install-recommends", "chromium"],
    ):
        subprocess.run(
            command,
            check=True,
            env=environment,
            stdout=subprocess.DEVNULL,
            timeout=INSTALL_TIMEOUT_S,
        )


if __name__ == "__main__":
    install()
