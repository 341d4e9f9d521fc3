import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest

from migrator.cli.demo import exported
from servers.mongodb import MongoDB
from servers.mysql import MySQL
from servers.process import CHECKOUT, exclusive
from servers.rabbitmq import RabbitMQ

COMMANDS = ("check", "run", "capture", "apply", "status", "verify")
TIMEOUT_S = 30


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """No URL, and a folder without a file of settings."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("MIGRATOR_")}
    return mine | {"PYTHONPATH": str(CHECKOUT), "PWD": str(tmp_path), "COLUMNS": "100"}


@pytest.fixture
def configured(environment: dict[str, str]) -> dict[str, str]:
    """The shared servers, under a name of this test's own."""
    with exclusive():
        return environment | {
            "MIGRATOR_SOURCE_URL": MySQL().start(),
            "MIGRATOR_BROKER_URL": RabbitMQ().start(),
            "MIGRATOR_TARGET_URL": MongoDB().start(),
            "MIGRATOR_NAME": f"test_{secrets.token_hex(4)}",
        }


@pytest.fixture
def database(configured: dict[str, str]) -> Iterator[str]:
    """A database of the source with one good table and one that cannot be copied."""
    name = f"line_{secrets.token_hex(4)}"
    port = MySQL().process.port
    connection = pymysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True)
    with connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        cursor.execute(f"CREATE TABLE {name}.good (id INT PRIMARY KEY)")
        cursor.execute(f"CREATE TABLE {name}.loose (id INT)")
        yield name
        cursor.execute(f"DROP DATABASE {name}")


def migrator(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "migrator", *arguments],
        env=environment,
        cwd=environment["PWD"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )


def test_the_help_teaches_commands_settings_and_exit_statuses(environment: dict[str, str]) -> None:
    shown = migrator(environment, "--help")

    assert shown.returncode == 0
    for word in (*COMMANDS, "MIGRATOR_SOURCE_URL", "atomic_rows_max", "130", "Examples:"):
        assert word in shown.stdout


def test_every_setting_is_in_the_help(environment: dict[str, str]) -> None:
    from migrator.settings import Settings

    shown = migrator(environment, "--help").stdout

    for name, field in Settings.model_fields.items():
        if name.endswith("_url"):
            assert f"MIGRATOR_{name.upper()}" in shown
        elif isinstance(field.default, int):
            assert f"{name} = {str(field.default).lower()}" in shown
        else:
            assert f"{name} = " in shown


def test_what_rules_a_run_out_is_one_sentence_and_status_2(environment: dict[str, str]) -> None:
    for arguments in ("run",), ("capture",), ("check",):
        ended = migrator(environment, *arguments)

        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr == (
            "error: MIGRATOR_SOURCE_URL is not set. Try: export "
            "MIGRATOR_SOURCE_URL='mysql://user:password@127.0.0.1:3306/'\n"
        )


def test_a_wrong_option_is_status_2(environment: dict[str, str]) -> None:
    assert migrator(environment, "run", "--databse", "shop").returncode == 2


def test_debug_shows_where_an_error_comes_from(environment: dict[str, str]) -> None:
    ended = migrator(environment, "run", "--debug")

    assert ended.returncode != 0
    assert "Traceback" in ended.stderr
    assert "ConfigurationError: MIGRATOR_SOURCE_URL is not set." in ended.stderr


def test_a_source_that_is_not_there_is_one_sentence_without_the_password(
    configured: dict[str, str],
) -> None:
    nowhere = configured | {"MIGRATOR_SOURCE_URL": "mysql://root:hidden@127.0.0.1:1/"}

    ended = migrator(nowhere, "check", "--database", "shop")

    assert ended.returncode == 1
    assert ended.stderr.startswith("error: The source at 127.0.0.1:1 is not available")
    assert "hidden" not in ended.stderr
    assert "Traceback" not in ended.stderr


def test_check_fails_with_the_statement_that_mends_it(
    configured: dict[str, str], database: str
) -> None:
    ended = migrator(configured, "check", "--database", database)

    assert ended.returncode == 1
    assert f"fail  {database}.loose: It has neither a primary key" in ended.stdout
    assert f"ALTER TABLE `{database}`.`loose` ADD PRIMARY KEY (...);" in ended.stdout
    assert "1 failed, 0 warnings." in ended.stdout


def test_check_passes_without_the_table_at_fault(configured: dict[str, str], database: str) -> None:
    chosen = configured | {"MIGRATOR_EXCLUDE": f"{database}.loose"}

    ended = migrator(chosen, "check", "--database", database)

    assert ended.returncode == 0
    assert "0 failed, 0 warnings." in ended.stdout


def test_the_loading_half_stops_in_order(configured: dict[str, str]) -> None:
    alone = {name: url for name, url in configured.items() if name != "MIGRATOR_SOURCE_URL"}
    for number in signal.SIGTERM, signal.SIGINT:
        command = [sys.executable, "-m", "migrator", "apply", "--partition", "0"]
        with subprocess.Popen(
            command, env=alone, cwd=alone["PWD"], stderr=subprocess.PIPE, text=True
        ) as process:
            # The last that it learns to handle; Python itself handles SIGINT from the start.
            while not catches(process.pid, signal.SIGTERM):
                time.sleep(0.05)
            process.send_signal(number)
            _, said = process.communicate(timeout=TIMEOUT_S)

        assert (process.returncode, said) == (0, "")


def catches(pid: int, number: signal.Signals) -> bool:
    """Whether the process has a handler for the signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    (caught,) = re.findall(r"^SigCgt:\t([0-9a-f]+)$", status, re.MULTILINE)
    return bool(int(caught, 16) >> (number - 1) & 1)


def test_the_file_of_the_servers_is_read_as_a_shell_does() -> None:
    assert exported("export A=x\nexport B='mongodb://h/?a=b c'\n") == {
        "A": "x",
        "B": "mongodb://h/?a=b c",
    }
