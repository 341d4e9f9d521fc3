"""A private server process: its folder, its port, its life."""

import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.servers.debian import ServerError

FOLDER = Path(__file__).resolve().parents[2] / ".servers"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0
LOCK_TIMEOUT_S = 900.0
LOG_TAIL_LINES = 15

# The servers outlive this process; to let go of their handles would be reported as a leak.
_STARTED: list[subprocess.Popen[bytes]] = []


@contextmanager
def exclusive() -> Iterator[None]:
    """Let one command at a time start or stop servers of this checkout."""
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        deadline = time.monotonic() + LOCK_TIMEOUT_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise ServerError("Another command holds .servers/lock for too long.") from None
                time.sleep(0.2)
        yield


class Process:
    """A detached server in `.servers/NAME`; it survives the command that started it."""

    def __init__(self, name: str, preferred_port: int) -> None:
        self.name = name
        self.folder = FOLDER / name
        self._preferred_port = preferred_port

    @property
    def port(self) -> int:
        """The server's TCP port: the preferred one if it was free, and the same ever after."""
        file = self.folder / "port"
        if not file.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            file.write_text(str(free_port(self._preferred_port)))
        return int(file.read_text())

    def is_running(self) -> bool:
        """Whether the process that we started lives; a recycled process id does not count."""
        pid = self._pid()
        if pid is None:
            return False
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return False
        return str(self.folder).encode() in command

    def start(self, command: Sequence[str], is_ready: Callable[[], bool]) -> None:
        """Start the command and wait until it is ready. Raises ServerError with the log's tail."""
        with (self.folder / "log").open("ab") as log:
            server = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.folder,
            )
        _STARTED.append(server)
        (self.folder / "pid").write_text(str(server.pid))
        deadline = time.monotonic() + START_TIMEOUT_S
        while not is_ready():
            if server.poll() is not None or time.monotonic() > deadline:
                raise ServerError(f"{self.name} did not start.\n{self._log_tail()}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Ask the process to end, and insist after `STOP_TIMEOUT_S`."""
        if not self.is_running():
            return
        pid = self._pid()
        assert pid is not None
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while self.is_running() and not _is_zombie(pid):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.1)
        (self.folder / "pid").unlink()

    def _pid(self) -> int | None:
        try:
            return int((self.folder / "pid").read_text())
        except (FileNotFoundError, ValueError):
            return None

    def _log_tail(self) -> str:
        lines = (self.folder / "log").read_text("utf-8", "replace").splitlines()
        return "\n".join(lines[-LOG_TAIL_LINES:])


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def free_port(preferred: int) -> int:
    """The preferred TCP port of 127.0.0.1 if nobody has it, else another (0: any)."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ServerError("No TCP port is free on 127.0.0.1.")
