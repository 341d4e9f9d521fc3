"""Runs a command: loads the settings, works to the end or until a signal, exits with a status."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Collection, Coroutine
from pathlib import Path
from typing import Any

import typer
import uvloop
from rich.console import Console
from rich.markup import escape

from migrator.errors import MigratorError
from migrator.exit_codes import Exit, exit_for
from migrator.log import configure_logging
from migrator.settings import Server, Settings, load_settings

Work = Callable[[Settings], Coroutine[Any, Any, Exit]]


def run_command(
    work: Work,
    config: Path | None,
    databases: list[str] | None,
    *,
    debug: bool,
    is_half: bool = False,
    needs: Collection[Server] = tuple(Server),
) -> None:
    """Load the settings, do the work until a signal stops it, and end with its status."""
    try:
        settings = load_settings(config, databases or (), needs)
        configure_logging(settings.log_format, settings.log_level)
        if is_half:
            from migrator.supervise.halves import die_with_parent

            die_with_parent()
        loop = uvloop.new_event_loop if is_half else None
        with asyncio.Runner(loop_factory=loop) as runner:
            raise typer.Exit(runner.run(_until_stopped(work(settings), is_half=is_half)))
    except MigratorError as error:
        if debug:
            raise
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            f"[red]error:[/] {escape(str(error))}"
        )
        status = exit_for(error)
        if status is Exit.RETRYABLE and not is_half:
            status = Exit.FAILED
        raise typer.Exit(status) from None


async def _until_stopped(work: Awaitable[Exit], *, is_half: bool) -> Exit:
    """The status of the work, or of a stop when Ctrl-C or SIGTERM has ended it cleanly."""
    task = asyncio.ensure_future(work)
    stopped = False

    def stop() -> None:
        nonlocal stopped
        stopped = True
        task.cancel()

    for number in signal.SIGINT, signal.SIGTERM:
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        return await task
    except asyncio.CancelledError:
        if not stopped:
            raise
        # To the supervisor that asked for it, a clean stop is a success.
        return Exit.COMPLETE if is_half else Exit.INTERRUPTED
