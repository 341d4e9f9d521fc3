"""The load generator wrk, with load.lua telling it what to send and what to report."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.server import LOAD_CORE, BenchmarkError, Server, on_core
from benchmarks.workload import Request

CONNECTIONS = 32
SCRIPT = Path(__file__).with_name("load.lua")
SAMPLE_INTERVAL_S = 0.1
ANSWER_TIMEOUT_S = 10
GRACE_S = 60.0


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of wrk saw; `bad` answers came but were wrong, `failed` requests got none."""

    requests: int
    duration_us: int
    p50_us: int
    p99_us: int
    max_us: int
    bad: int
    failed: int
    timed_out: int

    @property
    def per_second(self) -> float:
        """Good answers per second."""
        return (self.requests - self.bad) * 1_000_000 / self.duration_us

    @property
    def errors(self) -> int:
        """Requests that did not end well."""
        return self.bad + self.failed + self.timed_out


def version() -> str:
    """The version of wrk. Raises `BenchmarkError` when it is missing."""
    if shutil.which("wrk") is None:
        raise BenchmarkError("wrk is missing: apt install wrk.")
    # It prints its version with the usage, and ends with 1.
    usage = subprocess.run(["wrk", "--version"], capture_output=True, text=True, check=False)
    return (usage.stdout + usage.stderr).splitlines()[0].split(" [")[0]


def run(
    server: Server, request: Request, seconds: int, *, graphql: bool, sample: Callable[[], None]
) -> Run:
    """Send one kind of request over `CONNECTIONS` for some seconds, sampling as it goes."""
    headers = [f"-H{name}: {value}" for name, value in server.headers.items()]
    command = [
        "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", f"--timeout={ANSWER_TIMEOUT_S}s",
        *headers, f"-s{SCRIPT}", server.url, "--",
        request.path(graphql=graphql), request.body(graphql=graphql), request.marker,
    ]  # fmt: skip
    process = subprocess.Popen(
        on_core(LOAD_CORE, command), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        deadline = time.monotonic() + seconds + GRACE_S
        while process.poll() is None and time.monotonic() < deadline:
            sample()
            time.sleep(SAMPLE_INTERVAL_S)
        if process.poll() is None:
            raise BenchmarkError(f"wrk did not end within {seconds + GRACE_S:.0f} s.")
        output, complaint = process.communicate()
    finally:
        process.kill()
    if process.returncode:
        raise BenchmarkError(f"wrk failed: {complaint}")
    return Run(**json.loads(output.splitlines()[-1]))
