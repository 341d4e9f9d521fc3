"""`python -m tests.migrator.machine.shrink LOG`: the smallest part of a log that still fails.

The log is one that the machine kept. It runs again, in ever smaller parts (Zeller and
Hildebrandt, "Simplifying and isolating failure-inducing input", 2002): first whole sessions are
left out, then single statements.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from itertools import chain
from pathlib import Path
from typing import Annotated

import pymysql
import typer
from rich.console import Console

from migrator.log import configure_logging
from servers.mariadb import MariaDB
from servers.mongodb import MongoDB
from servers.mysql import MySQL
from servers.native_mysql import NativeMySQL
from servers.process import exclusive
from servers.rabbitmq import RabbitMQ
from servers.sql import SQLServer
from tests.migrator.machine.episode import (
    BEGINS,
    COMPARED,
    HEADER,
    KILLED,
    SETTLED,
    compared,
    make_other,
)
from tests.migrator.machine.writer import SESSION
from tests.migrator.road import Road, Source

MARKS = frozenset({BEGINS, SETTLED, KILLED, COMPARED})
Part = list[str]
"""A session with its statements, or one of the marks alone."""
Fails = Callable[[Sequence[Part]], Awaitable[bool]]
console = Console(highlight=False)


def parts(lines: Sequence[str]) -> list[Part]:
    """The log's sessions and marks, in order; an end and the next beginning are one part."""
    found: list[Part] = [[]]
    for line in lines:
        marked = bool(found[-1]) and found[-1][0] in MARKS
        is_again = line == BEGINS and marked
        if not is_again and (marked or line in MARKS or line == SESSION):
            found.append([])
        found[-1].append(line)
    return [part for part in found if part]


async def run(source: Source, road: Road, script: Sequence[Part]) -> tuple[str, str]:
    """Run a log's parts; the kind of the failure and what it says, both empty if there is none."""
    make_other(source)
    try:
        async with AsyncExitStack() as going:
            for part in script:
                if part[0] not in MARKS:
                    await asyncio.to_thread(_session, source, part)
                    continue
                for mark in part:
                    await _follow(source, road, mark, going)
    except Exception as error:  # noqa: BLE001 - Whatever it is, it is what we look for.
        return type(error).__name__, str(error)
    return "", ""


async def _follow(source: Source, road: Road, mark: str, going: AsyncExitStack) -> None:
    if mark == BEGINS:
        await going.enter_async_context(road.going())
        await road.begun()
    else:
        if mark != KILLED:
            await road.settled(is_empty=True)
        if mark != SETTLED:
            await going.aclose()
        if mark == COMPARED and (found := await compared(source, road)):
            raise AssertionError(found[0])


def _session(source: Source, statements: Part) -> None:
    with source.connect(source.database) as client, client.cursor() as cursor:
        for statement in statements:
            if statement != SESSION:
                # What it stands upon may have been left out.
                with suppress(pymysql.err.MySQLError, UnicodeError):
                    cursor.execute(statement)


async def smallest(items: Sequence[Part], fails: Fails) -> list[Part]:
    """Leave out ever smaller runs of items for as long as the rest fails."""
    items = list(items)
    width = len(items) // 2
    while width:
        start = 0
        while start < len(items):
            rest = [*items[:start], *items[start + width :]]
            if await fails(rest):
                items = rest
            else:
                start += width
        width //= 2
    return items


async def shrink(server: SQLServer, urls: tuple[str, str], lines: Sequence[str]) -> list[str]:
    """The smallest log. Raises ValueError if the whole log does not fail."""
    database, chunk_rows = lines[0].removeprefix(HEADER).split()
    wanted = ""

    async def fails(some: Sequence[Part]) -> bool:
        nonlocal wanted
        if [BEGINS] not in some:
            return False  # Without a migration, everything differs.
        source = Source(server.url)
        road = Road(source, *urls, chunk_rows=int(chunk_rows))
        own = [line.replace(database, source.database) for line in chain(*some)]
        try:
            kind, text = await run(source, road, parts(own))
        finally:
            await road.remove()
            source.run(f"DROP DATABASE IF EXISTS {source.database}_other")
        wanted = wanted or kind
        console.print(f"{len(own)} lines: {kind or 'the same'} {text[:200]}", markup=False)
        # Another failure may be another fault.
        return bool(kind) and kind == wanted

    script = parts(lines[1:])
    if not await fails(script):
        raise ValueError("The log does not fail when it runs again.")
    sessions = await smallest(script, fails)
    lone = ([part] if part[0] in MARKS else [[line] for line in part] for part in sessions)
    return list(chain(*await smallest(list(chain(*lone)), fails)))


def main(
    log: Annotated[Path, typer.Argument(help="A file of .bench/machine or .bench/cascades.")],
) -> None:
    """Find the smallest part of a log that still fails, and write it beside the log."""
    configure_logging("text", "critical")
    servers = (NativeMySQL(), MariaDB(), MySQL())
    server = next(one for one in servers if log.stem.endswith(f"-{one.name}"))
    with exclusive():
        server.start()
        urls = (RabbitMQ().start(), MongoDB().start())
    lines = json.loads(log.read_text())["log"]
    text = "\n".join(asyncio.run(shrink(server, urls, lines)))
    log.with_suffix(".sql").write_text(text + "\n")
    console.print(text, markup=False)


if __name__ == "__main__":
    typer.run(main)
