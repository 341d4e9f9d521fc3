"""Both halves as child processes: started, restarted when they die, stopped, never orphaned."""

import asyncio
import ctypes
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from migrator.errors import HalfFailed
from migrator.exit_codes import Exit
from migrator.observe.reports import HalfState, Role
from migrator.runtime.backoff import Backoff

RESTART_FIRST_S = 0.2
RESTART_MOST_S = 10.0
FAILURES_MAX = 30
HEALTHY_S = 60.0
STOP_TIMEOUT_S = 20.0
READ_BYTES = 64 * 1024
LINE_BYTES_MAX = 1024 * 1024

PARENT_VARIABLE = "MIGRATOR_PARENT"
PR_SET_PDEATHSIG = 1
RESTARTED = frozenset({Exit.COMPLETE, Exit.RETRYABLE})
"""Statuses after which a half is restarted, as it is after death by a signal."""

LAST_WORDS = "error: "
"""The prefix of the line in which a command says why it ends."""

Line = Callable[[str], None]


class Half:
    """One half of the migrator in a process of its own, for as long as `keep` runs."""

    def __init__(
        self, role: Role, command: Sequence[str], environment: Mapping[str, str], line: Line
    ) -> None:
        """`line` receives each line that the process writes to its standard error."""
        self._role = role
        self._command = command
        self._environment = {**os.environ, **environment, PARENT_VARIABLE: str(os.getpid())}
        self._line = line
        self._process: Process | None = None
        self._lives = 0
        self._last_words: list[str] = []

    @property
    def state(self) -> HalfState:
        """The half as it is now."""
        pid = self._process.pid if self._process else None
        return HalfState(self._role, pid, max(0, self._lives - 1))

    async def keep(self) -> None:
        """Run the process and restart it whenever it dies, until this is cancelled.

        Raises `HalfFailed` when it ends for a reason that a restart would meet again, or
        dies `FAILURES_MAX` times without living for `HEALTHY_S` in between.
        """
        backoff = Backoff(RESTART_FIRST_S, RESTART_MOST_S)
        while True:
            begin = time.monotonic()
            status = await self._live()
            if time.monotonic() - begin > HEALTHY_S:
                backoff.reset()
            self._check(status, backoff.failures)
            delay_s = backoff.next()
            why = "".join(f": {line}" for line in self._last_words[:1])
            self._line(f"{self._role} {_died(status)}{why}; it starts again in {delay_s:.1f} s")
            await asyncio.sleep(delay_s)

    async def _live(self) -> int:
        """Run the process once; returns its exit status, for a signal its negative number."""
        # A session of its own: the terminal's Ctrl-C reaches the parent only, which then
        # stops its children in order.
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=DEVNULL,
            stderr=PIPE,
            env=self._environment,
            start_new_session=True,
        )
        self._process = process
        self._lives += 1
        self._last_words = []
        try:
            return await self._ended(process)
        finally:
            await self._stop(process)
            self._process = None

    async def _ended(self, process: Process) -> int:
        """Pass on what the process writes until it has ended; returns its exit status."""
        assert process.stderr is not None
        rest = b""
        while chunk := await process.stderr.read(READ_BYTES):
            *lines, rest = (rest[-LINE_BYTES_MAX:] + chunk).split(b"\n")
            for line in lines:
                self._hear(line.decode("utf-8", "replace"))
        if rest:
            self._hear(rest.decode("utf-8", "replace"))
        return await process.wait()

    def _hear(self, line: str) -> None:
        """Pass a line on; keep the final error, which `HalfFailed` reports once, at the end."""
        if self._last_words or line.startswith(LAST_WORDS):
            self._last_words.append(line.removeprefix(LAST_WORDS).strip())
        else:
            self._line(line)

    async def _stop(self, process: Process) -> None:
        """Ask the process to end; kill it after the time-out or a second cancellation."""
        if process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            # Go on reading what it writes: a child that writes into a full pipe never ends.
            await asyncio.wait_for(self._ended(process), STOP_TIMEOUT_S)
        except (TimeoutError, asyncio.CancelledError):
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _check(self, status: int, failures: int) -> None:
        is_final = status >= 0 and status not in RESTARTED
        if not is_final and failures < FAILURES_MAX:
            return
        words = "\n".join(self._last_words) or (
            f"The process of {self._role} {_died(status)} without an error message; what it "
            "printed above may say why."
        )
        if not is_final:
            words = f"{self._role} died {failures + 1} times in a row, the last time with: {words}"
        if status != Exit.CONFIGURATION:
            words += f"\n{self._role} has stopped. What was copied stays in MongoDB."
        raise HalfFailed(words, status)


def _died(status: int) -> str:
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"


def half_of_this_program(role: Role, environment: Mapping[str, str], line: Line) -> Half:
    """The half that `python -m migrator capture` or `apply` runs."""
    return Half(role, (sys.executable, "-m", "migrator", role.value), environment, line)


def die_with_parent() -> None:
    """In a child: end at once when the supervisor has ended, for whatever reason (Linux).

    It need not shut down cleanly: the next run resumes from what landed.
    """
    parent = os.environ.get(PARENT_VARIABLE)
    if not parent or sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):  # It ended before this process asked for the signal.
        os.kill(os.getpid(), signal.SIGKILL)
