"""A shell whose variables and folder last from one block of a document to the next."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

TIMEOUT_S = 60.0
# A document must neither meet the databases of whoever runs the tests, nor, started by a
# hook of git, the repository that the hook belongs to.
NOT_INHERITED = ("MIGRATOR_", "SERVICE_", "DATABASE_", "GIT_")
BEFORE = "set -euo pipefail\nif [ -f {state} ]; then . {state}; fi\n"
AFTER = "\n{{ export -p; printf 'cd %q\\n' \"$PWD\"; }} > {state}\n"


class CommandFailed(AssertionError):
    """A documented command did not do what the document says."""


@dataclass
class Shell:
    """Runs scripts in a folder; what they leave running is ended with it.

    `environment` comes on top of ours. What lasts is kept beside the folder, not in it. Output
    goes to a file, because a pipe would stay open while a process in the background lives.
    """

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = TIMEOUT_S
    _groups: list[int] = field(default_factory=list)

    def run(self, script: str, name: str = "script") -> str:
        """Run it; return what it wrote, errors included. Raises CommandFailed with that."""
        state = self.folder.parent / f"{self.folder.name}.state"
        output = state.with_suffix(".output")
        text = BEFORE.format(state=state) + script + AFTER.format(state=state)
        with output.open("w") as file:
            process = subprocess.Popen(
                ["bash", "-c", text],
                cwd=self.folder,
                env={**_inherited(), **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._groups.append(process.pid)
            code = self._wait(process)
        written = output.read_text("utf-8", "replace")
        if code != 0:
            raise CommandFailed(f"{name} ended with {code}:\n{script}\n{written}")
        return written

    def _wait(self, process: "subprocess.Popen[bytes]") -> int | str:
        try:
            return process.wait(self.timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return f"no answer after {self.timeout_s:g} s"

    def __enter__(self) -> Self:
        """Start nothing: each script is a process."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End what the scripts left running."""
        for group in self._groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                continue


def _inherited() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(NOT_INHERITED)}


def check_output(written: str, expected: str, name: str) -> None:
    """Compare output with what the document shows; `...` stands for anything.

    Spaces at the ends of lines, which nobody sees, do not count. Raises CommandFailed with both.
    """
    written = "\n".join(line.rstrip() for line in written.splitlines())
    parts = (re.escape(part) for part in expected.strip().split("..."))
    if not re.fullmatch(r"(?s:.*?)".join(parts), written.strip()):
        raise CommandFailed(f"{name} shows\n{expected}\nbut the command wrote\n{written}")
