"""What a client sends neither acts in the log nor is repeated there."""

import asyncio
import io
import logging
import re
import sqlite3
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Literal

import orjson
import pytest
import structlog
from tortoise.exceptions import IntegrityError

from service.database.connect import connected
from service.log import configure_logging
from service.models import User
from service.operations.users import NewUser, register_user

HOSTILE = "a\x1b[2J\r\nlevel=error\x07\x9b\u202e\u2066\u2028b\ud800"
ESCAPED = "a\\x1b[2J\\r\\nlevel=error\\x07\\x9b\\u202e\\u2066\\u2028b\\ud800"
PERSIAN = "می\u200cخواهم 👩\u200d🚀"

Configure = Callable[[Literal["text", "json"], bool], io.BytesIO]


class Stream(io.TextIOWrapper):
    """A stderr that may be a terminal."""

    def __init__(self, buffer: io.BytesIO, *, is_terminal: bool) -> None:
        super().__init__(buffer, encoding="utf-8", write_through=True, newline="")
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Configure]:
    """Configure the log onto a stream of the test's own."""
    before = structlog.get_config()
    root = logging.getLogger()

    def configured(form: Literal["text", "json"], is_terminal: bool) -> io.BytesIO:
        written = io.BytesIO()
        monkeypatch.setattr(sys, "stderr", Stream(written, is_terminal=is_terminal))
        monkeypatch.setattr(root, "handlers", [])
        monkeypatch.setattr(warnings, "showwarning", None)
        configure_logging(form, "info")
        return written

    yield configured
    structlog.configure(**before)


def acting(text: str) -> list[str]:
    """The characters of a text that are neither printable, a line's end, a joiner nor a colour."""
    plain = re.sub("\x1b\\[[0-9]+m", "", text)
    return [c for c in plain if not c.isprintable() and c not in "\n\u200c\u200d"]


@pytest.mark.parametrize("is_terminal", [False, True])
@pytest.mark.parametrize("form", ["text", "json"])
def test_no_field_of_any_event_acts_on_who_reads_it(
    configure: Configure, form: Literal["text", "json"], is_terminal: bool
) -> None:
    written = configure(form, is_terminal)
    log = structlog.get_logger("test")

    log.info(HOSTILE, path=HOSTILE, parts=[HOSTILE], name=PERSIAN)
    logging.getLogger("library").warning("said %s", HOSTILE)

    text = written.getvalue().decode()
    assert acting(text) == []
    assert text.count("\n") == len(text.splitlines()) == 2
    # On a terminal a text with spaces is quoted by repr(), which escapes more.
    assert PERSIAN in text or (form == "text" and is_terminal)
    assert "level=error\\" in text


def test_a_field_is_escaped_once_and_bounded(configure: Configure) -> None:
    written = configure("json", False)

    structlog.get_logger("test").info("request", path=HOSTILE, operation="x" * 5_000)

    entry = orjson.loads(written.getvalue())
    assert entry["path"] == ESCAPED
    assert entry["operation"] == "x" * 1_000


@pytest.mark.parametrize("is_terminal", [False, True])
@pytest.mark.parametrize("form", ["text", "json"])
def test_an_exception_is_told_by_kind_code_and_place_without_its_message(
    configure: Configure, form: Literal["text", "json"], is_terminal: bool
) -> None:
    written = configure(form, is_terminal)

    try:
        try:
            sqlite3.connect(":memory:").execute("SELECT 'sara@example.com' FROM hunter2")
        except sqlite3.OperationalError as error:
            raise ValueError(f"sara@example.com{HOSTILE}") from error
    except ValueError as error:
        structlog.get_logger("test").error("failed", exc_info=error)
        logging.getLogger("library").exception("failed")

    text = written.getvalue().decode()
    assert text.count("builtins.ValueError") == 2
    assert text.count("sqlite3.OperationalError SQLITE_ERROR") == 2
    assert "which led to" in text
    assert "test_log.py" in text
    # The line of the source is shown; the value that it makes is not.
    assert "sara@example.coma" not in text
    assert "no such table" not in text
    assert acting(text) == []
    if is_terminal and form == "text":
        assert all(line.startswith(("    ", "\x1b[2m20")) for line in text.splitlines() if line)


def test_the_task_of_an_error_that_nobody_awaited_is_not_shown(configure: Configure) -> None:
    written = configure("text", False)

    logging.getLogger("asyncio").error(
        "Task exception was never retrieved\nfuture: <Task exception=ValueError('sara@...')>"
    )

    assert b"sara" not in written.getvalue()
    assert b"never retrieved" in written.getvalue()


def test_of_a_drivers_warning_the_kind_and_the_place_are_told(configure: Configure) -> None:
    written = configure("text", False)

    warnings.showwarning("Truncated value: 'sara@example.com'", UserWarning, "driver.py", 12)

    text = written.getvalue().decode()
    assert "kind=UserWarning place=driver.py:12" in text
    assert "sara" not in text


async def test_a_value_that_a_driver_repeats_is_not_in_the_log(
    database_url: str, configure: Configure
) -> None:
    written = configure("text", False)
    async with connected(database_url):
        first = NewUser(email="sara@example.com", password="correct horse", full_name="Sara")
        user = await register_user(first)
        user.id = user.id + 1
        with pytest.raises(IntegrityError) as failed:
            await User.bulk_create([user])

    structlog.get_logger("test").error("request failed", exc_info=failed.value)
    await asyncio.sleep(0)

    assert b"sara@example.com" not in written.getvalue()
    assert b"IntegrityError" in written.getvalue()
