"""Where the processor time of both halves goes: samples of their stacks, file by file.

A sample counts for the innermost file of the migrator on its stack, so that what a
library does on behalf of a stage counts for that stage; without one, for the library.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import python_environment
from benchmarks.migrator.backlog import write_backlog
from benchmarks.migrator.halves import Migration, Process, both, wait_for
from benchmarks.migrator.load import catch_up
from benchmarks.migrator.sizes import Sizes
from benchmarks.migrator.snapshot import ROLES, is_copied
from benchmarks.server import FOLDER, clean_environment

REQUIREMENTS = Path(__file__).with_name("profiler") / "requirements.txt"
RATE_HZ = 200
DURATION_S = 120
START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 30
COPY_TIMEOUT_S = 600
SHARE_LEAST = 0.01
FRAME = re.compile(r"^(?P<function>.*) \((?P<file>.*?)(?::\d+)?\)$")
ENTRY = "__main__.py"
GENERATED = "<rows>"
"""What the decoders' source is compiled as; it has no file."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Stage:
    """The share of a file in the samples of a half."""

    work: str
    half: str
    file: str
    share: float


def measure_stages(
    copying: Migration, draining: Migration, sizes: Sizes, progress: Progress
) -> Iterator[Stage]:
    """Sample a copy from the beginning, then a backlog that drains from the binlog."""
    python_environment(REQUIREMENTS)
    progress("sampling a copy")
    with both(copying) as halves, _sampled("copying", halves) as stages:
        wait_for(lambda: is_copied(copying), COPY_TIMEOUT_S, "the copy", *halves)
    yield from stages
    progress("sampling a backlog")
    with both(draining) as halves:
        wait_for(lambda: is_copied(draining), COPY_TIMEOUT_S, "the copy", *halves)
    write_backlog(draining, sizes.drained, size=10)
    with both(draining) as halves, _sampled("draining", halves) as stages:
        catch_up(draining, *halves)
    yield from stages


@contextmanager
def _sampled(work: str, halves: Sequence[Process]) -> Iterator[list[Stage]]:
    """Sample both as long as the block runs; the stages are in the list afterwards."""
    stages: list[Stage] = []
    files = [FOLDER / "logs" / f"{work}-{role}.stacks" for role in ROLES]
    with ExitStack() as stack:
        for half, file in zip(halves, files, strict=True):
            stack.enter_context(_sampler(half, file))
        yield stages
    for role, file in zip(ROLES, files, strict=True):
        stages += _stages(work, role, file.read_text())


@contextmanager
def _sampler(half: Process, file: Path) -> Iterator[None]:
    program = str(python_environment(REQUIREMENTS).with_name("py-spy"))
    # Who holds the interpreter's lock works; threads that wait in the kernel only seem to.
    options = ("--gil", "--rate", str(RATE_HZ), "--duration", str(DURATION_S), "--format", "raw")
    command = (program, "record", "--pid", str(half.pid), *options, "--output", str(file))
    file.with_suffix(".log").unlink(missing_ok=True)
    with Process(file.stem, command, clean_environment()) as sampler:
        # It cannot be stopped in order before it has said that it samples.
        wait_for(lambda: "Sampling" in sampler.log.read_text(), START_TIMEOUT_S, "py-spy", sampler)
        yield
        sampler.interrupt()
        wait_for(lambda: sampler.status() is not None, STOP_TIMEOUT_S, "its samples")
        sampler.check()


def _stages(work: str, half: str, folded: str) -> Iterator[Stage]:
    """The files of one half, the greatest share first; what is below 1 % together."""
    samples: Counter[str] = Counter()
    for line in folded.splitlines():
        stack, _, times = line.rpartition(" ")
        samples[_place(stack.split(";"))] += int(times)
    total = samples.total()
    rest = 0.0
    for file, number in samples.most_common():
        share = number / total
        if share >= SHARE_LEAST:
            yield Stage(work, half, file, round(share, 3))
        else:
            rest += share
    yield Stage(work, half, "others", round(rest, 3))


def _place(stack: Sequence[str]) -> str:
    """Where a stack counts; its frames are from the outermost to the innermost."""
    files = [match["file"] for frame in stack if (match := FRAME.match(frame))]
    if any(file.startswith("<frozen importlib") for file in files):
        return "(imports, at the start)"
    for file in reversed(files):
        if file == GENERATED:
            return "generated decoders"
        own = file.rpartition("migrator/")[2] if "migrator/" in file else ""
        if own and own != ENTRY:
            return own
    return _library(files[-1]) if files else "unknown"


def _library(file: str) -> str:
    """The library that a file belongs to."""
    inner = file.rpartition("site-packages/")[2]
    return f"({inner.lstrip('/').partition('/')[0]})"
