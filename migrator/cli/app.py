"""The commands and their options. What each does is imported when it is called."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from migrator.cli.work import run_command
from migrator.exit_codes import Exit
from migrator.settings import Server, Settings

HELP = """Copy a live MySQL or MariaDB to MongoDB through RabbitMQ, and follow it: each change
arrives once, in order.

Three servers must be named, in the environment or in migrator.toml:

\b
  export MIGRATOR_SOURCE_URL='mysql://user:password@127.0.0.1:3306/'
  export MIGRATOR_BROKER_URL='amqp://user:password@127.0.0.1:5672/%2F'
  export MIGRATOR_TARGET_URL='mongodb://127.0.0.1:27017/?replicaSet=rs0'
"""
EPILOG = """
\b
Examples:
  python -m migrator check --database shop
  python -m migrator run --database shop                       copy, then follow until Ctrl-C
  python -m migrator run --database shop --until-caught-up     copy, catch up, end
  python -m migrator run --config other.toml
  python -m migrator status
  python -m migrator verify --independent --database shop      each row beside its document
  python -m migrator recopy shop.orders
  python -m migrator pass binlog.000012:3456 --because "only the audit table"

\b
Every setting, as migrator.toml or MIGRATOR_<NAME> in the environment, which wins:
  databases = ["shop"]           partitions = 1            batch_rows_max = 1000
  include = ["crm.c*"]           snapshot_readers = 2      batch_bytes_max = 262144
  exclude = ["shop.tmp_*"]       chunk_rows = 5000         linger_ms = 5
  mapping = {shop = "store"}     heartbeat_s = 1           queue_bytes_max = 8589934592
  name = "kooch"                 server_id = 0             atomic_rows_max = 100000
  zero_dates = "string"          microseconds = "truncate"  state_database = "_migrator"
  log_format = "text"            log_level = "info"         take_over = false
migrator/settings.py says what each is.

\b
Exit status:
  0    everything selected is in the target, without exception
  1    it failed; the message says why, and the next run resumes from what landed
  2    the command line, a setting or the source's set-up rules it out
  3    it ended, but rows are in the dead letters, or a table is left out or not wholly copied
  75   (capture, apply) it failed, and the same command may succeed later
  130  Ctrl-C or SIGTERM stopped it, cleanly; the next run resumes from what landed
"""

ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Instead of migrator.toml.")
]
Databases = Annotated[
    list[str] | None,
    typer.Option("--database", metavar="NAME", help="A source database; may be repeated."),
]
Debug = Annotated[
    bool,
    typer.Option(
        "--debug", help="Show the traceback of an error; run does not pass it on to the halves."
    ),
]
Partitions = Annotated[
    list[int] | None,
    typer.Option(
        "--partition", metavar="NUMBER", min=0, help="Load only this one; may be repeated."
    ),
]
Position = Annotated[
    str, typer.Argument(metavar="POSITION", help="FILE:OFFSET, as the error names it.")
]
Because = Annotated[
    str, typer.Option("--because", metavar="TEXT", help="The reason, which is recorded.")
]
Copy = Annotated[
    list[str] | None,
    typer.Option(
        "--copy", metavar="PATTERN", help="Copy only these tables again; may be repeated."
    ),
]
NoCopy = Annotated[
    bool,
    typer.Option("--no-copy", help="Copy no table again; migrated rows that it changed are lost."),
]
Named = Annotated[
    list[str], typer.Argument(metavar="DATABASE.TABLE", help="Tables of the migration.")
]
Why = Annotated[str, typer.Option("--because", metavar="TEXT", help="A reason, for capture's log.")]
UntilCaughtUp = Annotated[
    bool,
    typer.Option(
        "--until-caught-up", help="End when all is copied and all changes up to then are applied."
    ),
]
Independent = Annotated[
    bool,
    typer.Option(
        "--independent", help="By ordinary clients, sharing no code with what copies and follows."
    ),
]
Tables = Annotated[
    list[str] | None,
    typer.Option("--table", metavar="DATABASE.TABLE", help="Only this one; may be repeated."),
]
HideValues = Annotated[
    bool, typer.Option("--hide-values", help="Show the names of differing fields only.")
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Write the findings there, too.")
]

cli = typer.Typer(
    help=HELP,
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
console = Console(highlight=False)


@cli.command(short_help="Check the servers and tables; print how to fix what is wrong.")
def check(config: ConfigFile = None, database: Databases = None, debug: Debug = False) -> None:
    """Check everything that can go wrong at the three servers, and print how to fix it.

    Ends with status 1 if anything failed; warnings do not count.
    """

    async def look(settings: Settings) -> Exit:
        from migrator.cli.check import check as look_at_servers

        return await look_at_servers(settings, console)

    run_command(look, config, database, debug=debug)


@cli.command(short_help="Copy and follow, with both halves under supervision.")
def run(
    config: ConfigFile = None,
    database: Databases = None,
    until_caught_up: UntilCaughtUp = False,
    debug: Debug = False,
) -> None:
    """Copy and follow: start capture and apply, restart one that dies, show the progress.

    With --until-caught-up it ends when every table is copied and everything that the
    source had committed by that moment is applied.
    """

    async def both(settings: Settings) -> Exit:
        from migrator.supervise.run import run as run_both

        return await run_both(
            settings, Console(stderr=True, highlight=False), until_caught_up=until_caught_up
        )

    run_command(both, config, database, debug=debug)


@cli.command(short_help="Only the half that reads the source.")
def capture(config: ConfigFile = None, database: Databases = None, debug: Debug = False) -> None:
    """Only read the source and publish to RabbitMQ, until Ctrl-C or SIGTERM."""

    async def half(settings: Settings) -> Exit:
        from migrator.capture.session import capture as read_source

        await read_source(settings)
        return Exit.COMPLETE

    run_command(half, config, database, debug=debug, is_half=True)


@cli.command(short_help="Only the half that loads MongoDB.")
def apply(
    config: ConfigFile = None,
    partition: Partitions = None,
    debug: Debug = False,
) -> None:
    """Only take from RabbitMQ and load into MongoDB, until Ctrl-C or SIGTERM."""

    async def half(settings: Settings) -> Exit:
        from migrator.load.apply import apply as load_target

        await load_target(settings, partition or None)
        return Exit.COMPLETE

    run_command(half, config, None, debug=debug, is_half=True, needs=(Server.BROKER, Server.TARGET))


@cli.command(short_help="Print how far the migration has come.")
def status(config: ConfigFile = None, debug: Debug = False) -> None:
    """Print how far the migration has come; status 0 if every table is copied, else 3."""

    async def look(settings: Settings) -> Exit:
        from migrator.cli.status import show_status

        return await show_status(settings, console)

    run_command(look, config, None, debug=debug, needs=(Server.TARGET,))


@cli.command(short_help="Compare every row with its document.")
def verify(
    independent: Independent = False,
    database: Databases = None,
    table: Tables = None,
    hide_values: HideValues = False,
    json: JsonFile = None,
    config: ConfigFile = None,
    debug: Debug = False,
) -> None:
    """Compare every row with its document, while both change; list what stays different.

    Ends with status 0 if every selected row was compared and is equal, with 3 if not.
    """

    async def compare(settings: Settings) -> Exit:
        from migrator.cli.verify import Wanted
        from migrator.cli.verify import verify as compare_all

        wanted = Wanted(tuple(database or ()), tuple(table or ()), hide_values, json)
        return await compare_all(settings, console, wanted, independent=independent)

    databases = database or [one.partition(".")[0] for one in table or ()]
    run_command(compare, config, databases, debug=debug, needs=(Server.SOURCE, Server.TARGET))


@cli.command("pass", short_help="Decide to skip one event of the source's log.")
def skip(
    position: Position,
    because: Because,
    copy: Copy = None,
    no_copy: NoCopy = False,
    config: ConfigFile = None,
    debug: Debug = False,
) -> None:
    """Decide that capture skips the event that it cannot handle, at POSITION (binlog.000012:3456).

    After it every table is copied again, or those that match --copy: the copy shows what the
    event did. The decision is recorded in the target, with its reason.
    """

    async def record(settings: Settings) -> Exit:
        from migrator.cli.decide import decide

        return await decide(settings, console, position, because, () if no_copy else copy or None)

    run_command(record, config, None, debug=debug, needs=(Server.TARGET,))


@cli.command(short_help="Copy tables anew, beside the stream.")
def recopy(
    tables: Named, because: Why = "", config: ConfigFile = None, debug: Debug = False
) -> None:
    """Copy tables anew, beside the stream, as after an ALTER: DATABASE.TABLE, such as shop.orders.

    Capture empties the collection between two transactions and fills it again, while the
    stream goes on; until that is done, readers see a part of it. A capture that runs begins
    within a second or two, else the next one does. A table that is left out is tried again.
    """

    async def ask(settings: Settings) -> Exit:
        from migrator.cli.recopy import recopy as ask_capture

        return await ask_capture(settings, console, tables, because)

    run_command(ask, config, None, debug=debug, needs=(Server.TARGET,))
