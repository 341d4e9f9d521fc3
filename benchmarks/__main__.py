"""`python -m benchmarks service`: it and its peers, in the same run, on the same data.

`python -m benchmarks migrator` is in migrator/command.py.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from benchmarks import wrk
from benchmarks.database import Database, MySQL, SQLite
from benchmarks.environments import prepare_folder
from benchmarks.measure import Row, measure, started
from benchmarks.migrator.command import main as migrator
from benchmarks.parties import PARTIES, Party
from benchmarks.report import Report, hardware, row_cells, terminal_tables
from benchmarks.server import FOLDER, BenchmarkError
from benchmarks.workload import REQUESTS, Request, WrongAnswer
from servers.mysql import MySQL as MySQLServer
from servers.process import exclusive

T = TypeVar("T")

DATABASES = ("mysql", "sqlite")

console = Console()
cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
cli.command("migrator")(migrator)


@cli.command("service")
def main(
    seconds: Annotated[int, typer.Option(min=1, help="Length of each of the three runs.")] = 10,
    databases: Annotated[str, typer.Option(help="Of mysql, sqlite.")] = ",".join(DATABASES),
    parties: Annotated[str, typer.Option(help="See the table.")] = ",".join(PARTIES),
    requests: Annotated[str, typer.Option(help="See the table.")] = ",".join(REQUESTS),
) -> None:
    """Measure requests per second, latency and memory; keep a full run in benchmarks/results.

    MySQL is the server at SERVICE_MYSQL_URL, or else the private one of servers.
    Needs wrk, and Node.js for mercurius.
    """
    chosen = _chosen(PARTIES, parties)
    operations = _chosen(REQUESTS, requests)
    names = _chosen({name: name for name in DATABASES}, databases)
    try:
        report = _run([_database(name) for name in names], chosen, operations, seconds)
    except (BenchmarkError, WrongAnswer) as error:
        console.print(f"[red]error:[/] {error}", highlight=False)
        raise typer.Exit(1) from None
    for table in terminal_tables(report):
        console.print(table)
    if len(report.rows) == len(PARTIES) * len(REQUESTS) * len(DATABASES):
        console.print(f"Written: benchmarks/results/{report.save().name}")
    else:
        console.print("Not written: this is only a part of the table.")
    if any(row.errors for row in report.rows if row.party == "service"):
        console.print("[red]error:[/] The service answered some requests with errors.")
        raise typer.Exit(1)


def _run(
    databases: Sequence[Database],
    parties: Sequence[Party],
    requests: Sequence[Request],
    seconds: int,
) -> Report:
    prepare_folder()
    versions = {"wrk": {"": wrk.version()}}
    for party in parties:
        with console.status(f"{party.name}: installing ..."):
            party.prepare()
        versions[party.name] = party.versions()
    machine = hardware()
    rows: list[Row] = []
    for database in databases:
        versions[database.name] = {"": database.version()}
        for party in parties:
            rows += _rows(party, database, requests, seconds)
        database.drop()
    rows.sort(key=lambda row: (row.database, list(REQUESTS).index(row.request)))
    return Report(datetime.now(UTC).date(), seconds, machine, versions, rows)


def _rows(party: Party, database: Database, requests: Iterable[Request], seconds: int) -> list[Row]:
    rows = []
    with started(party, database) as server:
        for request in requests:
            with console.status(f"{database.name}, {party.name}: {request.name} ..."):
                rows.append(measure(party, server, database, request, seconds))
            console.print("  ".join(row_cells(rows[-1])), highlight=False)
    return rows


def _database(name: str) -> Database:
    if name == "sqlite":
        return SQLite(FOLDER / "shop.db")
    url = os.environ.get("SERVICE_MYSQL_URL")
    if url is None:
        with exclusive():
            url = MySQLServer().start()
    return MySQL(url)


def _chosen(known: Mapping[str, T], names: str) -> list[T]:
    """The values of the named keys, in their own order."""
    wanted = set(names.split(","))
    if unknown := wanted - known.keys():
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: choose of {', '.join(known)}.")
    return [value for name, value in known.items() if name in wanted]


if __name__ == "__main__":
    cli()
