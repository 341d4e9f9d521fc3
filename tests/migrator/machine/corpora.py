"""`python -m tests.migrator.machine.corpora FOLDER`: SQL files that others wrote, followed.

Each file of the folder (and of those below it) is run against a private server while a
migration follows; then every collection is compared with a fresh copy. Files of one statement
a line and files of statements that end with a semicolon are read, also those that say behind
`->` what their own tool makes of a statement. Nothing of such files is kept here.
"""

import asyncio
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import pymysql
import typer
from rich.console import Console

from migrator.log import configure_logging
from servers.mariadb import MariaDB
from servers.mongodb import MongoDB
from servers.mysql import MySQL
from servers.process import exclusive, free_port
from servers.rabbitmq import RabbitMQ
from servers.sql import SQLServer
from tests.migrator.machine.columns import quoted
from tests.migrator.machine.episode import unfit_tables
from tests.migrator.road import Road, Source
from tests.migrator.twin import differences

SYSTEM = {"mysql", "sys", "information_schema", "performance_schema"}
NAMED = re.compile(
    r"\b(?:database|schema)\s+(?:if\s+not\s+exists\s+)?`?(\w+)`?|\buse\s+`?(\w+)", re.I
)
# What would change the server itself, or wait for somebody.
UNSAFE = re.compile(
    r"\s*(shutdown|restart|set\s+(global|persist)|reset|purge|kill|(un)?install|change|stop|flush"
    r"|start\s+(?!tr)|alter\s+(database|schema)\b.*\bread\s+only|lock|xa|clone|import"
    r"|select\s+sleep|drop\s+(database|schema)\s+`?mysql)",
    re.I,
)
VERBS = "create|alter|drop|insert|update|delete|use|set|rename|replace"
ANSWER = re.compile(rf"^\s*->.*?(?=^\s*(?:{VERBS})\b|\Z)", re.I | re.S | re.M)
TIMEOUT_S = 120
console = Console(highlight=False)


def statements(text: str) -> list[str]:
    """The statements of a file."""
    text = ANSWER.sub("", text)
    if text.count(";") < text.count("\n") / 4:
        return [line for line in text.splitlines() if line.strip()]
    return [one.strip() for one in re.split(r";\s*(?:\n|\Z)", text) if one.strip()]


def databases(text: str) -> set[str]:
    """The databases that a file makes or uses."""
    names = {one or other for one, other in NAMED.findall(text)}
    return {name for name in names if name.lower() not in SYSTEM}


async def follow(server: SQLServer, urls: tuple[str, str], text: str) -> tuple[int, list[str]]:
    """Run a file's statements; how many the server took, and the differences afterwards."""
    source = Source(server.url)
    names = {source.database, *databases(text)}
    source.run(*(f"CREATE DATABASE IF NOT EXISTS {quoted(name)}" for name in names))
    # Names that MongoDB does not take are no matter here.
    mapping = {name: f"{source.database}_{number}" for number, name in enumerate(sorted(names))}
    road = Road(source, *urls, databases=tuple(mapping), mapping=mapping)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            async with road.going():
                await road.begun()
                taken = await asyncio.to_thread(_run, source, statements(text))
                await road.settled(is_empty=True)
            unfit = await unfit_tables(road)
            states = road.client[road.state].tables.find({"left_out": {"$ne": ""}})
            left_out = {one["_id"] for one in states}
            found = [f"{name} is left out without need" for name in left_out - set(map(str, unfit))]
            return taken, found + await differences(road, without=unfit)
    finally:
        with suppress(pymysql.err.MySQLError):  # A file may have been written into its folder.
            await road.remove()


def _run(source: Source, texts: list[str]) -> int:
    taken = 0
    client = source.connect(source.database, read_timeout=20)
    with client, client.cursor() as cursor:
        cursor.execute("SET SESSION lock_wait_timeout = 5")
        for text in texts:
            if UNSAFE.match(text):
                continue
            try:
                cursor.execute(text)
                taken += 1
            except (pymysql.err.MySQLError, UnicodeError, ValueError):
                continue
    return taken


def files(folder: Path) -> Iterator[Path]:
    """Everything below the folder that could be SQL."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in {"", ".sql"} and path.stat().st_size < 2_000_000:
            yield path


async def run(folder: Path) -> Counter[str]:
    """Follow each file on both servers; counts of what came of them."""
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="kooch-corpora-") as place:
        servers: tuple[SQLServer, ...] = tuple(
            kind(Path(place), port=free_port(0)) for kind in (MySQL, MariaDB)
        )
        with exclusive():
            for server in servers:
                server.ensure_installed()
            urls = (RabbitMQ().start(), MongoDB().start())
        try:
            for server in servers:
                server.start()
            for path in files(folder):
                text = path.read_text("utf-8", "replace")
                for server in servers:
                    await _one(server, urls, path.relative_to(folder), text, counts)
        finally:
            for server in servers:
                server.kill()
    return counts


async def _one(
    server: SQLServer, urls: tuple[str, str], path: Path, text: str, counts: Counter[str]
) -> None:
    try:
        taken, found = await follow(server, urls, text)
    except Exception as error:  # noqa: BLE001 - Whatever it is, it is what we look for.
        counts["files that ended with an error"] += 1
        console.print(f"{server.name} {path}: {error!r}", markup=False)
        return
    counts["files"] += 1
    counts["files that are the same"] += not found
    counts["statements"] += taken
    if found:
        counts["files that differ"] += 1
        console.print(f"{server.name} {path}: {len(found)}: {found[:3]}", markup=False)


def main(folder: Annotated[Path, typer.Argument(help="Where the fetched files are.")]) -> None:
    """Follow foreign SQL files on MySQL and MariaDB, and count what is the same afterwards."""
    configure_logging("text", "error")
    counts = asyncio.run(run(folder))
    for name, count in counts.items():
        console.print(f"{name}: {count:,}")
    failed = counts["files that differ"] + counts["files that ended with an error"]
    raise typer.Exit(int(failed > 0 or not counts["files"]))


if __name__ == "__main__":
    typer.run(main)
