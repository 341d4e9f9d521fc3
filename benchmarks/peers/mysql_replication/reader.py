# mypy: ignore-errors
# Its library is installed in an environment of its own, where mypy does not look.
"""python-mysql-replication reads a stretch of the binlog: every row becomes a dict.

Takes a JSON object as its argument, and prints another: see benchmarks/migrator/readers.py.
"""

import json
import sys
import time
from urllib.parse import urlsplit

from pymysqlreplication import BinLogStreamReader
from pymysqlreplication.row_event import DeleteRowsEvent, UpdateRowsEvent, WriteRowsEvent


def main() -> None:
    task = json.loads(sys.argv[1])
    server = urlsplit(task["url"])
    rows = 0
    begin_s, begin_cpu_s = time.perf_counter(), time.process_time()
    stream = BinLogStreamReader(
        connection_settings={
            "host": server.hostname,
            "port": server.port,
            "user": server.username,
            "passwd": server.password or "",
        },
        server_id=task["server_id"],
        log_file=task["file"],
        log_pos=4,
        resume_stream=True,
        blocking=True,
        only_events=[WriteRowsEvent, UpdateRowsEvent, DeleteRowsEvent],
        only_schemas=[task["database"]],
    )
    for event in stream:
        rows += len(event.rows)  # Here they are decoded.
        if rows >= task["rows"]:
            break
    wall_s, cpu_s = time.perf_counter() - begin_s, time.process_time() - begin_cpu_s
    assert isinstance(event.rows[-1].get("values") or event.rows[-1]["after_values"], dict)
    print(json.dumps({"rows": rows, "wall_s": wall_s, "cpu_s": cpu_s}))


if __name__ == "__main__":
    main()
