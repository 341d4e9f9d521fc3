"""The private servers: started once, stopped when asked, and set up as promised."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiomysql
import pytest

from servers.mariadb import MariaDB
from servers.mongodb import MongoDB
from servers.mysql import MySQL
from servers.native_mysql import NativeMySQL
from servers.process import CHECKOUT, exclusive
from servers.rabbitmq import RabbitMQ
from servers.sql import SQLServer

SERVERS = (MySQL(), NativeMySQL(), MariaDB())
ROWS = [(1, "چای ایرانی 🍵"), (2, "👩‍👩‍👧‍👦 خانواده"), (3, "نیم\u200cفاصله")]
VARIABLES = {
    "bind_address": "127.0.0.1",
    "binlog_format": "ROW",
    "binlog_row_image": "FULL",
    "binlog_row_metadata": "FULL",
    "character_set_server": "utf8mb4",
    "innodb_buffer_pool_size": str(256 * 1024 * 1024),
    "innodb_doublewrite": "ON",
    "innodb_flush_log_at_trx_commit": "1",
    "local_infile": "ON",
    "log_bin": "ON",
    "max_allowed_packet": str(256 * 1024 * 1024),
    "max_connections": "400",
    "performance_schema": "OFF",
    "server_id": "1",
    "sync_binlog": "1",
}
OF_MYSQL = {"enforce_gtid_consistency": "ON", "gtid_mode": "ON"}
OWN_VARIABLES = {
    "mysql": OF_MYSQL | {"innodb_native_foreign_keys": "OFF"},
    "mysql-native": OF_MYSQL | {"innodb_native_foreign_keys": "ON"},
    "mariadb": {},  # It has GTIDs always.
}


@pytest.fixture(params=SERVERS, ids=[server.name for server in SERVERS])
def server(request: pytest.FixtureRequest) -> SQLServer:
    """Each of the checkout's own servers, running."""
    chosen: SQLServer = request.param
    with exclusive():
        chosen.start()
    return chosen


@pytest.fixture
async def cursor(server: SQLServer) -> AsyncIterator[aiomysql.Cursor]:
    """A cursor in a new database of the server."""
    port, name = server.process.port, f"kooch_test_{secrets.token_hex(4)}"
    connection = await aiomysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True)
    async with connection, connection.cursor() as cursor:
        await cursor.execute(f"CREATE DATABASE {name}")
        await cursor.execute(f"USE {name}")
        yield cursor
        await cursor.execute(f"DROP DATABASE {name}")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for servers beside the checkout's own; they are stopped afterwards."""
    yield tmp_path
    for kind in (MySQL, NativeMySQL, MariaDB, RabbitMQ, MongoDB):
        kind(tmp_path).stop()


def command(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """`python -m servers` on a folder, as it is started by hand."""
    return subprocess.Popen(
        [sys.executable, "-m", "servers", *arguments],
        cwd=CHECKOUT,
        env={**os.environ, "KOOCH_SERVERS": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, *arguments: str) -> str:
    """What the command printed; it must succeed."""
    with command(folder, *arguments) as process:
        output, problems = process.communicate(timeout=100)
    assert (process.returncode, problems) == (0, "")
    return output


def pid_of(server: SQLServer) -> int:
    """The process id that is on record for a server."""
    return int((server.process.folder / "pid").read_text())


async def test_emoji_and_persian_rows_come_back_as_they_went_in(cursor: aiomysql.Cursor) -> None:
    await cursor.execute("CREATE TABLE words (id INT PRIMARY KEY, word VARCHAR(50))")

    await cursor.executemany("INSERT INTO words VALUES (%s, %s)", ROWS)

    await cursor.execute("SELECT id, word FROM words ORDER BY id")
    assert list(await cursor.fetchall()) == ROWS


async def test_the_server_is_set_up_for_capture_and_stays_durable(
    server: SQLServer, cursor: aiomysql.Cursor
) -> None:
    expected = VARIABLES | OWN_VARIABLES[server.name]

    await cursor.execute("SHOW GLOBAL VARIABLES")
    values = dict(await cursor.fetchall())

    assert {name: values[name] for name in expected} == expected


async def test_a_transaction_gets_a_gtid_in_the_binlog(
    server: SQLServer, cursor: aiomysql.Cursor
) -> None:
    variable = "@@gtid_binlog_pos" if server.name == "mariadb" else "@@gtid_executed"

    async def position() -> Any:
        await cursor.execute(f"SELECT {variable}")
        return (await cursor.fetchone())[0]

    before = await position()

    await cursor.execute("CREATE TABLE t (id INT PRIMARY KEY)")

    assert await position() not in {"", before}


async def test_mysql_is_version_9_or_newer() -> None:
    with exclusive():
        MySQL().start()

    connection = await aiomysql.connect(host="127.0.0.1", port=MySQL().process.port, user="root")
    async with connection:
        version = connection.get_server_info()

    assert int(version.split(".")[0]) >= 9


def test_a_server_is_not_started_twice(server: SQLServer) -> None:
    before = pid_of(server)

    with exclusive():
        url = server.start()

    assert (url, pid_of(server)) == (f"mysql://root@127.0.0.1:{server.process.port}/", before)


def test_up_status_and_down_tell_the_truth(folder: Path) -> None:
    names = ("mysql", "mysql-native", "mariadb", "rabbitmq", "mongodb")
    down = {name: f"{name} is down" for name in names}
    assert run(folder, "status").splitlines() == list(down.values())

    run(folder, "up", "mariadb")
    url = MariaDB(folder).url
    up = down | {"mariadb": f"mariadb is up at {url}"}
    assert run(folder, "status").splitlines() == list(up.values())

    first = pid_of(MariaDB(folder))
    run(folder, "up", "mariadb")
    assert pid_of(MariaDB(folder)) == first

    run(folder, "down")
    assert run(folder, "status").splitlines() == list(down.values())
    assert environment(folder) == {}
    assert not MariaDB(folder).answers()


def test_the_environment_names_every_running_server_and_the_chosen_source(folder: Path) -> None:
    run(folder, "up", "mysql", "mariadb", "mongodb")
    mysql, mariadb, mongodb = (kind(folder).url for kind in (MySQL, MariaDB, MongoDB))
    urls = {
        "SERVICE_MYSQL_URL": mysql,
        "SERVICE_MARIADB_URL": mariadb,
        "MIGRATOR_TARGET_URL": mongodb,
    }
    assert environment(folder) == urls | {"MIGRATOR_SOURCE_URL": mysql}

    run(folder, "up", "mariadb", "--source", "mariadb")
    assert environment(folder) == urls | {"MIGRATOR_SOURCE_URL": mariadb}

    run(folder, "down", "mariadb")
    del urls["SERVICE_MARIADB_URL"]
    assert environment(folder) == urls | {"MIGRATOR_SOURCE_URL": mysql}


def environment(folder: Path) -> dict[str, str]:
    """The variables that a shell has after it read the file."""
    script = f". {folder}/env; env"
    output = subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True).stdout
    variables = dict(line.split("=", 1) for line in output.splitlines() if "=" in line)
    return {name: value for name, value in variables.items() if name.endswith("_URL")}


def test_a_source_that_the_migrator_cannot_read_is_refused(folder: Path) -> None:
    with command(folder, "up", "--source", "mongodb") as process:
        _, problems = process.communicate(timeout=60)

    assert process.returncode == 2
    assert "mysql" in problems


def test_a_killed_server_is_down_and_comes_back_with_its_url(folder: Path) -> None:
    run(folder, "up", "mariadb")
    url = MariaDB(folder).url

    os.kill(pid_of(MariaDB(folder)), signal.SIGKILL)
    wait_until_down(MariaDB(folder))

    assert "mariadb is down" in run(folder, "status")
    assert run(folder, "up", "mariadb").startswith(f"mariadb is up at {url} ")


def wait_until_down(server: SQLServer) -> None:
    """Return when the process is gone; a signal takes a moment."""
    deadline = time.monotonic() + 5
    while server.is_running():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_frozen_server_does_not_count_as_up(folder: Path) -> None:
    run(folder, "up", "mariadb")
    pid = pid_of(MariaDB(folder))

    os.kill(pid, signal.SIGSTOP)
    try:
        told = run(folder, "status")
    finally:
        os.kill(pid, signal.SIGCONT)

    assert f"mariadb runs, but does not answer at {MariaDB(folder).url}" in told


def test_up_waits_until_a_running_server_answers(folder: Path) -> None:
    run(folder, "up", "mariadb")
    pid = pid_of(MariaDB(folder))

    os.kill(pid, signal.SIGSTOP)
    with command(folder, "up", "mariadb") as process:
        try:
            with pytest.raises(subprocess.TimeoutExpired):
                process.communicate(timeout=2)
        finally:
            os.kill(pid, signal.SIGCONT)
        told, _ = process.communicate(timeout=60)

    assert told.startswith(f"mariadb is up at {MariaDB(folder).url} ")


def test_two_ups_at_once_start_one_server(folder: Path) -> None:
    with command(folder, "up", "mariadb") as one, command(folder, "up", "mariadb") as other:
        outputs = [process.communicate(timeout=100) for process in (one, other)]

    assert [problems for _, problems in outputs] == ["", ""]
    url = MariaDB(folder).url
    assert all(output.startswith(f"mariadb is up at {url} ") for output, _ in outputs)
    assert (folder / "mariadb" / "log").read_text().count("Starting MariaDB") == 1


def test_a_port_that_was_taken_meanwhile_is_left_alone(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        taken = stranger.getsockname()[1]
        (folder / "mariadb").mkdir()
        (folder / "mariadb" / "port").write_text(str(taken))

        run(folder, "up", "mariadb")

    assert MariaDB(folder).process.port != taken
    assert MariaDB(folder).answers()


def test_a_server_that_cannot_start_shows_the_end_of_its_log(folder: Path) -> None:
    data = folder / "mariadb" / "data"
    data.mkdir(parents=True)
    (data / "ibdata1").write_bytes(b"not a tablespace")

    with command(folder, "up", "mariadb") as process:
        _, problems = process.communicate(timeout=100)

    assert process.returncode == 1
    assert f"error: mariadb ended while it started. The end of {folder}/mariadb/log:" in problems
    assert "Unknown/unsupported storage engine: InnoDB" in problems
    assert not MariaDB(folder).is_running()
