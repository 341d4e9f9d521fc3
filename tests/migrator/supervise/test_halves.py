import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from migrator.errors import HalfFailed
from migrator.observe.reports import Role
from migrator.supervise import halves as supervise
from migrator.supervise.halves import PARENT_VARIABLE, Half

SLEEPS = "import time, sys; print('here', file=sys.stderr, flush=True); time.sleep(60)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPS}"
CHATTY = (
    "import signal, sys, time\n"
    "def end(*_): sys.stderr.write('x' * 300_000); sys.exit(0)\n"
    "signal.signal(signal.SIGTERM, end)\n" + SLEEPS
)
ORPHAN = (
    "from migrator.supervise.halves import die_with_parent\n"
    "die_with_parent()\n"
    "import time; print('ready', flush=True); time.sleep(60)\n"
)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "RESTART_FIRST_S", 0.01)
    monkeypatch.setattr(supervise, "FAILURES_MAX", 3)
    monkeypatch.setattr(supervise, "STOP_TIMEOUT_S", 0.5)


def half(code: str, lines: list[str]) -> Half:
    return Half(Role.CAPTURE, (sys.executable, "-c", code), {"COLOUR": "blue"}, lines.append)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def stopped(task: "asyncio.Task[None]") -> float:
    """Cancel the task; how long it took to end, in seconds."""
    begin = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return time.monotonic() - begin


def lives(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


SAYS = "import sys; print('error: it rained', file=sys.stderr)"


async def test_a_half_that_is_killed_starts_again() -> None:
    lines: list[str] = []
    kept = half(SLEEPS, lines)
    task = asyncio.create_task(kept.keep())
    await until(lambda: lines == ["here"])
    first = kept.state.pid
    assert first is not None

    os.kill(first, signal.SIGKILL)
    await until(lambda: len(lines) == 3)

    assert lines[1].startswith("capture was ended by SIGKILL; it starts again in 0.0 s")
    assert kept.state.restarts == 1
    assert kept.state.pid not in {None, first}
    await stopped(task)
    assert kept.state.pid is None


async def test_a_half_that_may_succeed_later_is_tried_a_bounded_number_of_times() -> None:
    lines: list[str] = []

    with pytest.raises(HalfFailed) as end:
        await half(f"{SAYS}; raise SystemExit(75)", lines).keep()

    assert end.value.status == 75
    assert str(end.value).startswith(
        "capture died 4 times in a row, the last time with: it rained\n"
    )
    assert len(lines) == 3
    assert lines[0].startswith("capture ended with status 75: it rained; it starts again in")


@pytest.mark.parametrize("status", [1, 2])
async def test_a_half_that_would_fail_again_is_not_started_again(status: int) -> None:
    lines: list[str] = []

    with pytest.raises(HalfFailed) as end:
        await half(f"{SAYS}; raise SystemExit({status})", lines).keep()
    with pytest.raises(HalfFailed, match=f"ended with status {status} without an error message"):
        await half(f"raise SystemExit({status})", lines).keep()

    assert end.value.status == status
    further = "\ncapture has stopped. What was copied stays in MongoDB."
    assert str(end.value) == "it rained" + (further if status == 1 else "")
    assert lines == []


async def test_what_a_half_says_is_passed_on_line_by_line_with_its_environment() -> None:
    lines: list[str] = []
    code = "import os, sys; sys.stderr.write(os.environ['COLOUR'] + '\\nغ'); sys.exit(1)"

    with pytest.raises(HalfFailed):
        await half(code, lines).keep()

    assert lines == ["blue", "غ"]


async def test_a_half_is_asked_to_stop_and_killed_if_it_does_not() -> None:
    for code, quickest, slowest in (SLEEPS, 0.0, 0.4), (STUBBORN, 0.5, 5.0):
        lines: list[str] = []
        kept = half(code, lines)
        task = asyncio.create_task(kept.keep())
        await until(lambda seen=lines: seen == ["here"])  # type: ignore[misc]
        pid = kept.state.pid

        took_s = await stopped(task)

        assert quickest <= took_s < slowest
        assert pid is not None
        assert not lives(pid)


async def test_a_half_that_has_much_to_say_while_it_stops_can_end() -> None:
    lines: list[str] = []
    task = asyncio.create_task(half(CHATTY, lines).keep())
    await until(lambda: lines == ["here"])

    assert await stopped(task) < 0.4
    assert [len(line) for line in lines] == [4, 300_000]


async def test_ctrl_c_on_the_terminal_does_not_reach_a_half() -> None:
    lines: list[str] = []
    kept = half(SLEEPS, lines)
    task = asyncio.create_task(kept.keep())
    await until(lambda: lines == ["here"])
    assert kept.state.pid is not None

    assert os.getpgid(kept.state.pid) != os.getpgid(0)
    assert os.getsid(kept.state.pid) != os.getsid(0)
    await stopped(task)


async def _started(command: Awaitable[asyncio.subprocess.Process]) -> tuple[int, int]:
    process = await command
    assert process.stdout is not None
    return process.pid, int(await process.stdout.readline())


async def test_a_half_dies_with_its_supervisor() -> None:
    code = (
        "import os, subprocess, sys\n"
        f"os.environ[{PARENT_VARIABLE!r}] = str(os.getpid())\n"
        f"child = subprocess.Popen([sys.executable, '-c', {ORPHAN!r}], stdout=subprocess.PIPE)\n"
        "child.stdout.readline()\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    parent, child = await _started(
        asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=subprocess.PIPE)
    )

    os.kill(parent, signal.SIGKILL)

    await until(lambda: not lives(child))


def test_a_half_whose_supervisor_has_gone_already_ends_at_once() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ORPHAN],
        env={**os.environ, PARENT_VARIABLE: "999999999"},
        capture_output=True,
        timeout=10,
    )

    assert (ended.returncode, ended.stdout) == (-signal.SIGKILL, b"")
