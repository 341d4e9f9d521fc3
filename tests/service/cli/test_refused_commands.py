"""Commands that cannot be carried out say why, and what to do, in one sentence."""

import errno
import secrets
import socket
import sqlite3
from pathlib import Path

import pytest
from tortoise.connection import get_connection

from service.cli.serve import why_not_listening
from tests.service.cli.command_line import EMAIL, SMALL, run, told, with_database
from tests.service.conftest import on_each_server, settings_for


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Leave this process's log alone, and have no file of settings."""
    monkeypatch.setattr("service.cli.terminal.configure_logging", lambda *_: None)
    monkeypatch.chdir(tmp_path)


@on_each_server
@pytest.mark.parametrize(
    "command",
    [
        ("users", "create-admin", EMAIL),
        ("users", "token", EMAIL),
        ("jobs", "run", "housekeeping"),
        SMALL,
    ],
)
def test_on_a_server_the_upgrade_is_named_that_somebody_must_choose(
    database_url: str, command: tuple[str, ...]
) -> None:
    def ask(url: str) -> str:
        return told(run(url, *command, SERVICE_ADMIN_PASSWORD="long enough"))

    assert ask(f"{database_url}_missing").endswith("Make it: python -m service upgrade")
    with_database(database_url, lambda: _execute("ALTER TABLE tortoise_migrations RENAME TO away"))
    try:
        assert ask(database_url) == (
            "The database lacks 0001_shop, 0002_accounts, 0003_exact_texts. "
            "Run: python -m service upgrade"
        )
    finally:
        with_database(
            database_url, lambda: _execute("ALTER TABLE away RENAME TO tortoise_migrations")
        )


async def _execute(statement: str) -> None:
    await get_connection("default").execute_query(statement)


@on_each_server
def test_a_user_who_may_not_make_the_database_is_told_in_a_sentence(database_url: str) -> None:
    name = f"poor_{secrets.token_hex(3)}"
    with_database(database_url, lambda: _execute(f"CREATE USER {name} IDENTIFIED BY 'password'"))
    try:
        url = f"{database_url.replace('root@', f'{name}:password@')}_missing"
        assert told(run(url, "upgrade")).startswith("The database refused this: (1044, ")
    finally:
        with_database(database_url, lambda: _execute(f"DROP USER {name}"))


@on_each_server
def test_a_server_that_refuses_the_user_is_not_called_away(database_url: str) -> None:
    url = database_url.replace("root@", "nobody:wrong@")

    for command in (("upgrade",), ("users", "token", EMAIL)):
        message = told(run(url, *command))
        assert message.endswith("refuses the user, password or database of DATABASE_URL.")
        assert "wrong" not in message


@pytest.mark.parametrize(
    ("file", "message"),
    [("there", "cannot be opened: Is a directory."), ("there/x/y", "cannot be opened: ")],
)
def test_a_path_that_cannot_be_a_database_is_a_sentence(
    tmp_path: Path, file: str, message: str
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "x").write_text("")

    result = run(f"sqlite://{tmp_path}/{file}", "upgrade")

    assert message in told(result)


def test_a_file_that_is_no_database_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "shop.db").write_text("This is a shopping list. " * 100)

    message = told(run(f"sqlite://{tmp_path}/shop.db", "upgrade"))

    assert message == "DATABASE_URL: the file cannot be used: file is not a database."


def test_what_the_database_refuses_is_a_sentence(sqlite_url: str) -> None:
    connection = sqlite3.connect(sqlite_url.removeprefix("sqlite://"))
    connection.execute("ALTER TABLE users RENAME TO people")
    connection.close()

    result = run(sqlite_url, "users", "token", EMAIL)

    assert told(result) == "The database refused this: no such table: users"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.EADDRINUSE, "in use"), "SERVICE_PORT: something else listens on"),
        (
            OSError(errno.EADDRNOTAVAIL, "not here"),
            "SERVICE_HOST: '127.0.0.1' is not an",
        ),
        (socket.gaierror(socket.EAI_NONAME, "?"), "SERVICE_HOST: '127.0.0.1' is not an"),
        (OSError(errno.EACCES, "no"), "SERVICE_PORT: 80 needs rights that this user lacks."),
        (OSError(errno.EMFILE, "too many"), "Cannot listen on 127.0.0.1:80: too many."),
    ],
)
def test_the_setting_that_is_at_fault_is_named(error: OSError, message: str) -> None:
    settings = settings_for("sqlite://shop.db", service_port=80)

    assert why_not_listening(settings, error).startswith(message)


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid"])
def test_a_host_that_is_not_here_is_named_by_its_setting(sqlite_url: str, host: str) -> None:
    result = run(sqlite_url, "serve", SERVICE_HOST=host, CRON_ENABLED="false")

    assert told(result).startswith(f"SERVICE_HOST: '{host}' is not an address of this machine")
