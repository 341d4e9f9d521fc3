"""A party's server process: started on one core, watched, stopped."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

SERVER_CORE = 0
LOAD_CORE = 1
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 30.0
LOG_TAIL_CHARACTERS = 2_000

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".bench"
"""Environments, logs and databases of the benchmark; it can be deleted at any time."""


class BenchmarkError(Exception):
    """Something that the benchmark needs does not work; the message says what."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server at `url`, to which every request carries `headers`."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path
    headers: Mapping[str, str] = field(default_factory=dict)

    def rss_bytes(self) -> int:
        """The resident memory of the process and all its children, now."""
        root = psutil.Process(self.process.pid)
        total = root.memory_info().rss
        for child in root.children(recursive=True):
            try:
                total += child.memory_info().rss
            except psutil.NoSuchProcess:
                continue  # It ended between the listing and the look.
        return total

    def stop(self) -> None:
        """Ask it to end, and make it end if it does not within `STOP_TIMEOUT_S`."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def is_pinning() -> bool:
    """Whether server and load each have a core of their own."""
    return shutil.which("taskset") is not None and (os.cpu_count() or 1) > LOAD_CORE


def on_core(core: int, command: Sequence[str]) -> list[str]:
    """The command, kept on one core where that is possible."""
    return ["taskset", "-c", str(core), *command] if is_pinning() else list(command)


def clean_environment(**variables: str) -> dict[str, str]:
    """An environment without any settings of ours, so that every party runs as shipped."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"PYTHONPATH": str(ROOT)} | variables


def launch(
    name: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    port: int,
    headers: Mapping[str, str] | None = None,
) -> Server:
    """Start a server and wait until it takes connections; its output goes to a file.

    Raises `BenchmarkError` with the end of that file when it ends or does not answer.
    """
    log = FOLDER / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            on_core(SERVER_CORE, command),
            env=dict(environment),
            cwd=FOLDER,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    server = Server(process, f"http://127.0.0.1:{port}", log, headers or {})
    try:
        _wait(server, name, port)
    except BaseException:
        server.stop()
        raise
    return server


def _wait(server: Server, name: str, port: int) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while server.process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    tail = server.log.read_text(errors="replace")[-LOG_TAIL_CHARACTERS:]
    raise BenchmarkError(f"{name} does not take connections. Its last output:\n{tail}")


def free_port() -> int:
    """A TCP port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
