"""A reader of the target: when each marker is first there, for a read with majority.

A process of its own; it prints a JSON object of marker to time, in ns of the clock that
the writer uses. It asks again and again for markers that it has not seen, with read
concern majority, and rests `PAUSE_S` in between: so much, at most, is added to a latency.
"""

import json
import sys
import time
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient
from pymongo.read_concern import ReadConcern

PAUSE_S = 0.002


@dataclass(frozen=True, slots=True)
class Watch:
    """Which markers are awaited, and for how long at most."""

    url: str
    database: str
    first_marker: int
    markers: int
    seconds: float


def watch(task: Watch) -> dict[int, int]:
    """The times at which the markers were seen; those that never were are missing."""
    seen: dict[int, int] = {}
    lowest, end = task.first_marker, task.first_marker + task.markers
    deadline_s = time.monotonic() + task.seconds
    with MongoClient[dict[str, Any]](task.url) as client:
        markers = client[task.database].get_collection(
            "markers", read_concern=ReadConcern("majority")
        )
        while lowest < end and time.monotonic() < deadline_s:
            found = list(markers.find({"_id": {"$gte": lowest, "$lt": end}}, {"_id": 1}))
            now_ns = time.monotonic_ns()
            for document in found:
                seen.setdefault(document["_id"], now_ns)
            # Some threads write markers: a higher one may be there before a lower one.
            while lowest in seen:
                lowest += 1
            time.sleep(PAUSE_S)
    return seen


if __name__ == "__main__":
    print(json.dumps(watch(Watch(**json.loads(sys.argv[1])))))
