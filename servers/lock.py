"""A lock between processes; the system releases it when its holder dies."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servers.server import ServerError

LOCK_TIMEOUT_S = 900.0
LOCK_RETRY_S = 0.1


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the file's lock. Raises ServerError if another holds it for LOCK_TIMEOUT_S."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        deadline = time.monotonic() + LOCK_TIMEOUT_S
        while not _acquired(lock.fileno()):
            if time.monotonic() > deadline:
                raise ServerError(
                    f"Another command has held {file} for {LOCK_TIMEOUT_S:.0f} s. "
                    f"`fuser {file}` names it; end it and try again."
                )
            time.sleep(LOCK_RETRY_S)
        yield


def _acquired(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
