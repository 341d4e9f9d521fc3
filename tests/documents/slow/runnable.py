"""Running the blocks of a document that are marked as runnable; CONTRIBUTING.md has the marks."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pymysql

from servers.mariadb import MariaDB
from servers.mongodb import MongoDB
from servers.mysql import MySQL
from servers.private import PrivateServer
from servers.process import free_port
from servers.rabbitmq import RabbitMQ
from tests.documents.markdown import ROOT, Block, Document
from tests.documents.slow.shell import CommandFailed, Shell, check_output

SERVERS: Mapping[str, type[PrivateServer]] = {
    kind.name: kind for kind in (MySQL, MariaDB, RabbitMQ, MongoDB)
}
SOURCES = ("mysql", "mariadb")
HIDDEN_BUT_NEEDED = {".ci", ".venv"}
# What runs in the checkout keeps its data there, and caches are hidden.
LEFT_OUT = {"var"}


def is_runnable(block: Block) -> bool:
    """Whether the block is run as it stands, not by a test of its own."""
    return block.options.get("run") == "" and block.language in {"sh", "sql"}


def is_run_elsewhere(block: Block) -> bool:
    """Whether the block says which test runs it."""
    return bool(block.options.get("run"))


def needs(document: Document) -> list[str]:
    """The servers that a document's blocks need, the source first.

    Raises CommandFailed for a server that does not exist.
    """
    asked = {name for block in document.blocks if is_runnable(block) for name in _needs(block)}
    if unknown := asked - SERVERS.keys():
        raise CommandFailed(f"{document} needs {', '.join(sorted(unknown))}, which is no server.")
    return [name for name in SERVERS if name in asked]


def play(document: Document, folder: Path) -> None:
    """Run a document's blocks in order. Raises CommandFailed with the line of the first failure."""
    place = folder / "repository"
    _lay_out(place)
    followers = [*document.blocks[1:], None] if document.blocks else []
    with (
        _started(needs(document), folder) as servers,
        Shell(place, _environment(servers)) as shell,
    ):
        for block, after in zip(document.blocks, followers, strict=True):
            if is_runnable(block):
                written = _run(block, f"{document}:{block.line}", shell, servers)
                if after is not None and after.info == "text shown":
                    check_output(written, after.text, f"{document}:{after.line}")


def _needs(block: Block) -> list[str]:
    if block.language == "sql":
        return [block.options.get("on", "mysql")]
    return [name for name in block.options.get("needs", "").split(",") if name]


def _run(block: Block, name: str, shell: Shell, servers: Mapping[str, PrivateServer]) -> str:
    if block.language == "sh":
        return shell.run(block.text, name)
    return _run_sql(block.text, name, servers[block.options.get("on", "mysql")].url)


def _run_sql(text: str, name: str, url: str) -> str:
    """Run statements as root; return the rows of their answers, columns separated by tabs."""
    host, _, port = url.removeprefix("mysql://root@").rstrip("/").partition(":")
    connection = pymysql.connect(host=host, port=int(port), user="root", autocommit=True)
    lines: list[str] = []
    with connection, connection.cursor() as cursor:
        for statement in text.split(";\n"):
            if statement.strip():
                try:
                    cursor.execute(statement)
                except pymysql.err.MySQLError as error:
                    raise CommandFailed(f"{name} fails: {error}:\n{statement}") from error
                lines += ["\t".join(map(str, row)) for row in cursor.fetchall()]
    return "\n".join(lines)


def _lay_out(place: Path) -> None:
    """A folder where the repository's paths lead to it, and new files stay apart."""
    place.mkdir()
    for entry in ROOT.iterdir():
        hidden = entry.name.startswith(".") and entry.name not in HIDDEN_BUT_NEEDED
        if not hidden and entry.name not in LEFT_OUT:
            (place / entry.name).symlink_to(entry)


@contextmanager
def _started(names: list[str], folder: Path) -> Iterator[dict[str, PrivateServer]]:
    servers = {name: SERVERS[name](folder / "servers", port=free_port(0)) for name in names}
    try:
        for server in servers.values():
            server.start()
        yield servers
    finally:
        for server in servers.values():
            server.stop()


def _environment(servers: Mapping[str, PrivateServer]) -> dict[str, str]:
    """The variables of `.servers/env`; the source is the first one that runs."""
    variables = {server.variable: str(server.url) for server in servers.values()}
    sources = [str(servers[name].url) for name in SOURCES if name in servers]
    if sources:
        variables["MIGRATOR_SOURCE_URL"] = sources[0]
    return variables
