"""Reference implementations in JavaScript, which the tests run against the service."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

SOURCES = Path(__file__).parent
INSTALLED = SOURCES.parents[3] / ".servers" / "conformance"
INSTALL_TIMEOUT_S = 100


async def run(script: str, *arguments: str) -> Any:
    """Run a script of this folder, where its packages are, and return what it prints."""
    _install()
    process = await asyncio.create_subprocess_exec(
        "node", str(INSTALLED / script), *arguments, stdout=subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, f"{script} ended with {process.returncode}."
    return json.loads(output)


def _install() -> None:
    INSTALLED.mkdir(parents=True, exist_ok=True)
    for source in (*SOURCES.glob("*.mjs"), SOURCES / "package.json"):
        (INSTALLED / source.name).write_bytes(source.read_bytes())
    wanted, done = (SOURCES / "package.json").read_text("utf-8"), INSTALLED / "installed"
    if not done.exists() or done.read_text("utf-8") != wanted:
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"]
        subprocess.run(command, cwd=INSTALLED, check=True, timeout=INSTALL_TIMEOUT_S)
        done.write_text(wanted, "utf-8")
