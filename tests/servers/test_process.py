"""The life of a private process: it is ended in time, and nobody else is."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from servers.process import Process, free_port
from servers.server import ServerError

SLEEP = "import time; print('awake', flush=True); time.sleep(60)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"


@pytest.fixture
def process(tmp_path: Path) -> Process:
    """A process that has not been started."""
    return Process(tmp_path, preferred_port=0)


def python(process: Process, program: str) -> Callable[[int], list[str]]:
    """The command line of a Python program that uses no port."""
    return lambda _port: [sys.executable, "-c", program, f"{process.folder}/data"]


def is_awake(process: Process) -> Callable[[], bool]:
    """Whether the program got as far as its first line."""
    return lambda: "awake" in (process.folder / "log").read_text()


def test_a_process_ends_when_asked(process: Process) -> None:
    process.start(python(process, SLEEP), is_awake(process))
    assert process.is_running()

    process.stop(timeout_s=20)

    assert not process.is_running()


def test_a_process_that_ignores_sigterm_is_killed(process: Process) -> None:
    process.start(python(process, DEAF), is_awake(process))

    process.stop(timeout_s=0.2)

    assert not process.is_running()


def test_a_process_that_took_over_the_id_is_left_alone(process: Process) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (process.folder / "pid").write_text(str(stranger.pid))

        process.stop()

        assert not process.is_running()
        assert stranger.poll() is None
        stranger.kill()


def test_a_process_that_never_gets_ready_is_ended_and_its_log_shown(process: Process) -> None:
    with pytest.raises(ServerError, match=r"was not ready within 2 s\. The end of .*\nawake"):
        process.start(python(process, SLEEP), lambda: False, timeout_s=2)

    assert not process.is_running()


def test_a_process_that_ends_while_it_starts_is_reported_at_once(process: Process) -> None:
    with pytest.raises(ServerError, match=r"ended while it started\. The end of .*\nno disk"):
        process.start(python(process, "raise SystemExit('no disk')"), lambda: False)


def test_an_interrupted_start_leaves_no_process_behind(process: Process) -> None:
    def interrupt() -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        process.start(python(process, SLEEP), interrupt)

    assert not process.is_running()


def test_a_killed_process_is_gone_at_once_even_when_it_was_paused(process: Process) -> None:
    process.start(python(process, DEAF), is_awake(process))
    process.pause()

    process.kill()

    assert not process.is_running()


def test_a_paused_process_does_nothing_until_it_is_resumed(process: Process) -> None:
    counting = "import time\nwhile True: print('awake', flush=True); time.sleep(0.01)"
    process.start(python(process, counting), is_awake(process))
    log = process.folder / "log"

    process.pause()
    time.sleep(0.1)  # What it had begun is over.
    length = log.stat().st_size
    time.sleep(0.2)
    assert log.stat().st_size == length

    process.resume()
    time.sleep(0.5)
    assert log.stat().st_size > length
    process.stop()


def test_a_process_gets_variables_on_top_of_ours(process: Process) -> None:
    told = "import os; print(os.environ['TEA'], bool(os.environ['PATH']), 'awake', flush=True)"
    waiting = f"{told}; import time; time.sleep(60)"

    process.start(python(process, waiting), is_awake(process), environment={"TEA": "green"})

    assert (process.folder / "log").read_text() == "green True awake\n"
    process.stop()


def test_a_chosen_port_is_not_one_that_clients_are_lent() -> None:
    first, _ = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()

    assert all(free_port(0) < int(first) for _ in range(20))
