"""What every command does at the terminal: read the settings, ask, run, and report a failure."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog
import typer
from pymysql.err import MySQLError
from rich.console import Console
from rich.markup import escape
from tortoise.exceptions import BaseORMException

from service.errors import ServiceError
from service.log import configure_logging, printable
from service.settings import Settings, doubtful_variables, load_settings

T = TypeVar("T")

console = Console()
log = structlog.get_logger("service")


def read_settings() -> Settings:
    """The settings of this process; configures the log by them."""
    try:
        settings = load_settings()
    except ServiceError as error:
        raise failure(str(error)) from None
    configure_logging(settings.service_log_format, settings.service_log_level)
    for sentence in doubtful_variables():
        log.warning(sentence)
    return settings


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run the work and return its result; a failure ends the command with a sentence, status 1."""
    try:
        return asyncio.run(work)
    except ServiceError as error:
        raise failure(str(error)) from None
    except (BaseORMException, MySQLError) as error:
        raise failure(f"The database refused this: {error}") from None
    except TimeoutError:
        raise failure("The database did not answer in time. Try again.") from None


def failure(message: str) -> typer.Exit:
    """Print what is wrong, and return the exception that ends the command."""
    text = f"[red]error:[/] {escape(printable(message))}"
    Console(stderr=True, highlight=False, soft_wrap=True).print(text)
    return typer.Exit(1)


def agree(fact: str, wish: str, flag: str, *, given: bool) -> None:
    """Go on only if the user agrees: by the flag, or when asked at the terminal."""
    if given:
        return
    if not sys.stdin.isatty():
        raise failure(f"{fact} To {wish}, add {flag}.")
    if not typer.confirm(f"{fact} {wish.capitalize()}?"):
        raise failure("Nothing was changed.")


def ask_password(variable: str) -> str:
    """Ask for a new password, twice; a script must set the variable instead."""
    if not sys.stdin.isatty():
        raise failure(f"No password was given, and there is no terminal to ask at. Set {variable}.")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
