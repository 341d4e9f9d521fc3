"""A process under test: started, frozen at a named point, killed, and started again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from servers.process import CHECKOUT

POLL_S = 0.02
STOP_TIMEOUT_S = 30
KILL_TIMEOUT_S = 10
LOG_TAIL_LINES = 25
STOPPED = "T"


@dataclass(slots=True)
class Program:
    """`python -m migrator <command>`; at most one process at a time, one log for all of them."""

    command: str
    environment: Mapping[str, str]
    log: Path
    _process: "subprocess.Popen[bytes] | None" = None
    starts: int = 0

    def start(self, pause_at: str | None = None) -> None:
        """Start it; with `pause_at`, like "after_publish:3", it will freeze itself there."""
        assert not self.is_running(), f"{self.command} runs already."
        variables = {**os.environ, **self.environment}
        variables.pop("MIGRATOR_PAUSE_AT", None)
        if pause_at is not None:
            variables["MIGRATOR_PAUSE_AT"] = pause_at
        self.starts += 1
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "migrator", self.command],
                cwd=CHECKOUT,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C of a terminal is for the one who started the test, not for this.
                start_new_session=True,
            )

    def die_at(self, point: str) -> None:
        """Begin anew, be killed at a point like "after_publish:3", and begin anew."""
        self.kill()
        self.start(pause_at=point)
        self.wait_frozen()
        self.kill()
        self.start()

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None, f"{self.command} was not started."
        return self._process.pid

    def is_running(self) -> bool:
        """Whether it lives, frozen or not."""
        return self._process is not None and self._process.poll() is None

    def is_frozen(self) -> bool:
        """Whether a signal has stopped it."""
        try:
            status = Path(f"/proc/{self.pid}/stat").read_text()
        except FileNotFoundError:
            return False
        # The name in parentheses may hold anything; the state is what follows.
        return status.rpartition(")")[2].split()[0] == STOPPED

    def wait_frozen(self, timeout_s: float = 30) -> None:
        """Return once it has frozen itself at its pause point."""
        deadline = time.monotonic() + timeout_s
        while not self.is_frozen():
            assert self.is_running(), f"{self.command} ended instead.{self.tail()}"
            assert time.monotonic() < deadline, (
                f"{self.command} did not come to its pause point in {timeout_s} s.{self.tail()}"
            )
            time.sleep(POLL_S)

    def freeze(self) -> None:
        """Stop it by a signal: its connections stay open, and nobody answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once, as a crash does, frozen or not."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(KILL_TIMEOUT_S)
            self._process = None

    def stop(self) -> int | None:
        """Ask it to end; its exit status, None if it was not there."""
        if self._process is None:
            return None
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        return self.wait(STOP_TIMEOUT_S)

    def wait(self, timeout_s: float) -> int:
        """Its exit status, once it has ended by itself."""
        assert self._process is not None, f"{self.command} was not started."
        try:
            status = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"{self.command} did not end in {timeout_s} s.{self.tail()}"
            ) from None
        self._process = None
        return status

    def exit_status(self) -> int | None:
        """Its exit status if it has ended by itself, None while it runs."""
        return None if self._process is None else self._process.poll()

    def tail(self) -> str:
        """The end of its log."""
        if not self.log.exists():
            return ""
        lines = self.log.read_text("utf-8", "replace").splitlines()[-LOG_TAIL_LINES:]
        return "\n".join((f" The end of the log of {self.command}:", *lines))

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None, f"{self.command} was not started."
        self._process.send_signal(number)
