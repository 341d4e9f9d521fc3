# mypy: ignore-errors
# Its library is installed in an environment of its own, where mypy does not look.
"""asyncmy.replication reads a stretch of the binlog: every row becomes a dict.

Takes a JSON object as its argument, and prints another: see benchmarks/migrator/readers.py.
"""

import asyncio
import json
import sys
import time
from urllib.parse import urlsplit

from asyncmy import connect
from asyncmy.replication import BinLogStream
from asyncmy.replication.row_events import DeleteRowsEvent, UpdateRowsEvent, WriteRowsEvent


async def main() -> None:
    task = json.loads(sys.argv[1])
    server = urlsplit(task["url"])
    address = {
        "host": server.hostname,
        "port": server.port,
        "user": server.username,
        "password": server.password or "",
    }
    rows = 0
    begin_s, begin_cpu_s = time.perf_counter(), time.process_time()
    connection, control = await connect(**address), await connect(**address)
    stream = BinLogStream(
        connection,
        control,
        server_id=task["server_id"],
        master_log_file=task["file"],
        master_log_position=4,
        resume_stream=True,
        blocking=True,
        only_events=[WriteRowsEvent, UpdateRowsEvent, DeleteRowsEvent],
        only_schemas=[task["database"]],
    )
    async for event in stream:
        rows += len(event.rows)
        if rows >= task["rows"]:
            break
    wall_s, cpu_s = time.perf_counter() - begin_s, time.process_time() - begin_cpu_s
    assert isinstance(event.rows[-1].get("values") or event.rows[-1]["after_values"], dict)
    print(json.dumps({"rows": rows, "wall_s": wall_s, "cpu_s": cpu_s}))


if __name__ == "__main__":
    asyncio.run(main())
