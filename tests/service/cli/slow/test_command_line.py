"""The command line as a stranger meets it."""

import contextlib
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from service.accounts.log_in import authenticate
from service.cli.program import cli
from service.models import User, UserRole
from tests.service.cli.command_line import EMAIL, SMALL, run, told, with_database

ROOT = Path(__file__).parents[4]


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Leave this process's log alone, and have no file of settings."""
    monkeypatch.setattr("service.cli.terminal.configure_logging", lambda *_: None)
    monkeypatch.chdir(tmp_path)


def create_admin(url: str, password: str, *arguments: str, email: str = EMAIL) -> Result:
    command = ("users", "create-admin", email, *arguments)
    return run(url, *command, SERVICE_ADMIN_PASSWORD=password)


async def count_users() -> int:
    return await User.all().count()


async def staff_addresses() -> list[str]:
    staff = User.filter(role=UserRole.STAFF).order_by("id")
    return [email for (email,) in await staff.values_list("email")]


def log_in(url: str, email: str, password: str) -> User:
    return with_database(url, lambda: authenticate(email, password))


def test_an_address_that_has_an_account_is_told_and_the_way_out_with_it(database_url: str) -> None:
    assert create_admin(database_url, "first password").exit_code == 0

    refused = create_admin(database_url, "second password", email="Root@Example.com")
    promoted = create_admin(database_url, "third password", "--promote")

    assert told(refused) == (
        "There is an account with the address Root@Example.com already. "
        "To make it an administrator's, with this password, add --promote."
    )
    assert promoted.exit_code == 0
    assert "root@example.com has the role admin." in promoted.stdout
    assert "Authorization: Bearer " in promoted.stdout
    assert log_in(database_url, EMAIL, "third password").role is UserRole.ADMIN


def test_promote_opens_an_account_where_there_is_none(database_url: str) -> None:
    assert create_admin(database_url, "long enough", "--promote").exit_code == 0

    assert log_in(database_url, EMAIL, "long enough").role is UserRole.ADMIN


def test_a_bad_password_is_no_reason_to_offer_anything(database_url: str) -> None:
    create_admin(database_url, "first password")

    assert told(create_admin(database_url, "short")) == "A password has 10 to 256 characters."


def test_without_a_password_and_a_terminal_the_variable_is_named(database_url: str) -> None:
    result = run(database_url, "users", "create-admin", EMAIL)

    assert told(result).endswith("Set SERVICE_ADMIN_PASSWORD.")


def test_an_unknown_address_is_told_as_it_was_typed_and_harmless(database_url: str) -> None:
    message = told(run(database_url, "users", "token", "[/red]\x1b[2J"))

    assert message.startswith("There is no active account [/red]\\x1b[2J. To make it")


def test_seeding_a_shop_in_use_needs_a_yes(database_url: str) -> None:
    create_admin(database_url, "long enough")

    refused = run(database_url, *SMALL)
    counted = with_database(database_url, count_users)
    seeded = run(database_url, *SMALL, "--yes")

    assert told(refused) == (
        "The shop is in use (users: 1, products: 0, orders: 0). Invented rows cannot be told "
        "from real ones later. To seed it anyway, add --yes."
    )
    assert counted == 1
    assert seeded.exit_code == 0
    assert with_database(database_url, count_users) == 21


def test_each_seeding_has_a_password_of_its_own_which_is_told_once(database_url: str) -> None:
    first, second = run(database_url, *SMALL), run(database_url, *SMALL, "--yes")

    passwords = [
        result.stdout.split("accounts is ")[1].split("; it")[0] for result in (first, second)
    ]
    staff = with_database(database_url, staff_addresses)
    assert len(set(passwords)) == 2
    for email, password in zip(staff, passwords, strict=True):
        assert log_in(database_url, email, password).role is UserRole.STAFF


@pytest.mark.parametrize(("answer", "status", "users"), [("n", 1, 20), ("y", 0, 40)])
def test_at_a_terminal_seeding_asks(sqlite_url: str, answer: str, status: int, users: int) -> None:
    assert run(sqlite_url, *SMALL).exit_code == 0

    terminal, other_side = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "service", *SMALL],
        stdin=other_side, stdout=other_side, stderr=other_side,
        env=os.environ | {"DATABASE_URL": sqlite_url, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    os.close(other_side)
    os.write(terminal, f"{answer}\n".encode())
    shown = b""
    # Linux says by an error that the other side is closed.
    with contextlib.suppress(OSError):
        while chunk := os.read(terminal, 4096):
            shown += chunk
    os.close(terminal)

    assert b"Seed it anyway? [y/N]" in shown
    assert process.wait() == status
    assert with_database(sqlite_url, count_users) == users


@pytest.mark.parametrize(
    "command",
    [
        ("users", "create-admin", EMAIL),
        ("jobs", "run", "housekeeping"),
        ("jobs", "list"),
        SMALL,
    ],
)
def test_a_command_before_the_first_serve_makes_the_embedded_database(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    url = f"sqlite://{tmp_path}/new/shop.db"

    result = run(url, *command, SERVICE_ADMIN_PASSWORD="long enough")

    assert (result.exit_code, result.stderr) == (0, "")


def test_a_token_before_the_first_serve_is_a_sentence(tmp_path: Path) -> None:
    result = run(f"sqlite://{tmp_path}/new/shop.db", "users", "token", EMAIL)

    assert told(result).startswith("There is no active account root@example.com.")


def test_help_names_the_settings_examples_and_statuses() -> None:
    shown = CliRunner().invoke(cli, ["--help"]).stdout

    for word in (
        "DATABASE_URL",
        "SERVICE_SECRET",
        "GRAPHQL_COMPILED",
        "create-admin you@example.com",
        "Exit status:",
    ):
        assert word in shown
    assert CliRunner().invoke(cli, ["serves"]).exit_code == 2
