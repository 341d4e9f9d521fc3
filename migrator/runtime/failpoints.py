"""Named points at which a crash test stops the process, to kill it there.

`MIGRATOR_PAUSE_AT=after_publish:3` freezes this process by SIGSTOP the third time
that it reaches that point. Without the variable a point costs one look-up.
"""

import os
import signal
from enum import StrEnum


class Point(StrEnum):
    """Where a crash is worth a test."""

    AFTER_READ = "after_read"
    AFTER_PUBLISH = "after_publish"
    AFTER_CONFIRM = "after_confirm"
    IN_TRANSACTION = "in_transaction"
    AFTER_LOAD = "after_load"


_name, _, _times = os.environ.get("MIGRATOR_PAUSE_AT", "").partition(":")
_left = {Point(_name): int(_times or 1)} if _name else {}


def failpoint(point: Point) -> None:
    """Stop here if a test asked for it."""
    if _left and point in _left:
        _left[point] -= 1
        if _left[point] == 0:
            os.kill(os.getpid(), signal.SIGSTOP)
