"""A private server process: its folder, its port, its start and its end."""

import os
import random
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from servers.lock import locked
from servers.server import ServerError

CHECKOUT = Path(__file__).resolve().parents[1]
FOLDER = Path(os.environ.get("KOOCH_SERVERS") or CHECKOUT / ".servers").resolve()
START_TIMEOUT_S = 60.0
START_RETRY_S = 0.05
STOP_TIMEOUT_S = 30.0
KILL_TIMEOUT_S = 10.0
LOG_TAIL_LINES = 15
# Below 32768, where the system's ports for clients begin: while a server is down, a client
# that tries to connect to it could otherwise be given the server's own port.
OTHER_PORTS = range(20_000, 32_000)
OTHER_PORT_TRIES = 200


def exclusive() -> AbstractContextManager[None]:
    """A lock: only one command at a time may start or stop servers of this checkout."""
    return locked(FOLDER / "lock")


@dataclass(frozen=True, slots=True)
class Process:
    """A detached server with a folder; it survives the command that started it.

    The folder holds `pid`, `port` and `log`. The command line must name a path in the folder:
    by that `Process` recognises it, as its id may belong to another process later.
    """

    folder: Path
    preferred_port: int

    @property
    def port(self) -> int:
        """The TCP port of the latest start, or the preferred one before any."""
        return recorded_port(self.folder / "port", self.preferred_port)

    def is_running(self) -> bool:
        """Whether the process that `start` started still runs."""
        with self._ours() as handle:
            return handle is not None

    def start(
        self,
        command: Callable[[int], list[str]],
        is_ready: Callable[[], bool],
        timeout_s: float = START_TIMEOUT_S,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start the command on a free port, and wait until it is ready; if it fails, end it.

        `environment` adds to our environment. Raises ServerError with the end of the log.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        port = record_port(self.folder / "port", self.preferred_port)
        variables = {**os.environ, **(environment or {})}
        pid = _spawn(command(port), variables, self.folder / "log")
        (self.folder / "pid").write_text(str(pid))
        with _opened(pid) as handle:
            try:
                self._wait(handle, is_ready, timeout_s)
            except BaseException:
                self._end(handle, STOP_TIMEOUT_S)
                raise

    def wait(self, is_ready: Callable[[], bool], timeout_s: float = START_TIMEOUT_S) -> None:
        """Return once the running process is ready. Raises ServerError with the end of the log."""
        with self._ours() as handle:
            self._wait(handle, is_ready, timeout_s)

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """End the process by SIGTERM, after the time-out by SIGKILL. Raises ServerError."""
        with self._ours() as handle:
            if handle is not None:
                self._end(handle, timeout_s)

    def kill(self) -> None:
        """End the process at once, as a crash does, and wait until it is gone."""
        with self._ours() as handle:
            if handle is not None:
                self._signal(handle, signal.SIGKILL)
                # This signal ends a paused process, too.
                if not _has_ended(handle, KILL_TIMEOUT_S):
                    raise ServerError(self._survived())

    def pause(self) -> None:
        """Freeze the process: its connections stay open without an answer."""
        with self._ours() as handle:
            if handle is not None:
                self._signal(handle, signal.SIGSTOP)

    def resume(self) -> None:
        """Continue a paused process."""
        with self._ours() as handle:
            if handle is not None:
                self._signal(handle, signal.SIGCONT)

    def _wait(self, handle: int | None, is_ready: Callable[[], bool], timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not is_ready():
            if handle is None or _has_ended(handle, 0):
                raise ServerError(f"{self.folder.name} ended while it started.{self._log_tail()}")
            if time.monotonic() > deadline:
                raise ServerError(
                    f"{self.folder.name} was not ready within {timeout_s:g} s.{self._log_tail()}"
                )
            time.sleep(START_RETRY_S)

    def _end(self, handle: int, timeout_s: float) -> None:
        for number, patience_s in (signal.SIGTERM, timeout_s), (signal.SIGKILL, KILL_TIMEOUT_S):
            self._signal(handle, number)
            if _has_ended(handle, patience_s):
                return
        raise ServerError(self._survived())

    @staticmethod
    def _signal(handle: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # It may just have ended by itself.
            signal.pidfd_send_signal(handle, number)

    def _survived(self) -> str:
        return f"{self.folder.name} survived SIGKILL; see {self.folder / 'pid'}."

    @contextmanager
    def _ours(self) -> Iterator[int | None]:
        """A handle on the process that `start` started, None unless it still runs."""
        with ExitStack() as stack:
            try:
                pid = int((self.folder / "pid").read_text())
                handle = stack.enter_context(_opened(pid))
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
                is_ours = f"{self.folder}/".encode() in command and not _has_ended(handle, 0)
            except (FileNotFoundError, ProcessLookupError, ValueError):
                is_ours = False
            yield handle if is_ours else None

    def _log_tail(self) -> str:
        log = self.folder / "log"
        lines = log.read_text("utf-8", "replace").splitlines()[-LOG_TAIL_LINES:]
        return "\n".join((f" The end of {log}:", *lines))


def _spawn(command: list[str], environment: Mapping[str, str], log: Path) -> int:
    """Start a process in a new session, so that Ctrl-C here does not reach it."""
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawn(command[0], command, environment, file_actions=actions, setsid=True)


@contextmanager
def _opened(pid: int) -> Iterator[int]:
    """A handle on the process: signals through it cannot reach a later process of the same id."""
    handle = os.pidfd_open(pid)
    try:
        yield handle
    finally:
        os.close(handle)


def _has_ended(handle: int, patience_s: float) -> bool:
    if not select.select([handle], [], [], patience_s)[0]:
        return False
    # A child keeps its id until its parent has waited for it, and mysqld would not take over
    # the lock of a predecessor that seems to run.
    with suppress(ChildProcessError):
        os.waitid(os.P_PIDFD, handle, os.WEXITED)
    return True


def recorded_port(file: Path, preferred: int) -> int:
    """The port that `record_port` chose last, or the preferred one before any."""
    return int(file.read_text()) if file.exists() else preferred


def record_port(file: Path, preferred: int) -> int:
    """Choose a free port, the last one if possible, and write it to the file."""
    port = free_port(recorded_port(file, preferred), preferred)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(str(port))
    return port


def free_port(*preferred: int) -> int:
    """The first of the preferred TCP ports that is free on 127.0.0.1, else another (0: any)."""
    for port in (*filter(None, preferred), *random.sample(OTHER_PORTS, OTHER_PORT_TRIES)):
        with socket.socket() as probe:
            # As servers do: recently closed connections do not block a port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise ServerError("Found no free TCP port on 127.0.0.1. End what occupies them.")
