"""What MySQL and MariaDB have in common."""

import getpass
import os
from collections.abc import Sequence

import pymysql

from tests.servers.process import Process

# What a change data capture needs, and what a test machine can spare; everything
# that concerns durability stays as the servers have it.
OPTIONS = (
    "--bind-address=127.0.0.1",
    "--character-set-server=utf8mb4",
    "--max-connections=400",
    "--innodb-buffer-pool-size=256M",
    "--performance-schema=OFF",
    "--server-id=1",
    "--log-bin=binlog",
    "--binlog-format=ROW",
    "--binlog-row-image=FULL",
    "--binlog-row-metadata=FULL",
    "--sync-binlog=1",
)


def options(process: Process) -> Sequence[str]:
    """The options that name the instance's own places."""
    user = [f"--user={getpass.getuser()}"] if os.geteuid() == 0 else []
    return [
        f"--datadir={process.folder / 'data'}",
        f"--socket={process.folder / 'socket'}",
        f"--pid-file={process.folder / 'server.pid'}",
        f"--port={process.port}",
        *user,
    ]


def answers(port: int) -> bool:
    """Whether root can log in over TCP."""
    try:
        pymysql.connect(host="127.0.0.1", port=port, user="root", connect_timeout=2).close()
    except pymysql.err.MySQLError:
        return False
    return True
