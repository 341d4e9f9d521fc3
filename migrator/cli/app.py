"""The commands and their options. What each does is imported when it is called."""

import typer
from rich.console import Console

from migrator.cli.options import (
    Because,
    ConfigFile,
    Copy,
    Databases,
    Debug,
    HideValues,
    Independent,
    JsonFile,
    Named,
    NoCopy,
    Partitions,
    Position,
    Repair,
    RowsPerSecond,
    Tables,
    UntilCaughtUp,
    Why,
)
from migrator.cli.work import run_command
from migrator.exit_codes import Exit
from migrator.settings import Server, Settings, load_settings

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
  python -m migrator verify                                    each row beside its document
  python -m migrator verify --independent --database shop      the same by ordinary clients
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


@cli.command(short_help="Compare every row with its document, exactly, while both change.")
def verify(
    database: Databases = None,
    table: Tables = None,
    repair: Repair = False,
    json: JsonFile = None,
    rows_per_second: RowsPerSecond = None,
    hide_values: HideValues = False,
    independent: Independent = False,
    config: ConfigFile = None,
    debug: Debug = False,
) -> None:
    """Compare every row with its document, and find documents that have no row.

    It is exact while the source is written to: a chunk of rows travels the road of the copy, and
    is compared at its place in the stream. While `run` follows, it does the work; where nothing
    runs, this command starts both halves and stops them afterwards. Ctrl-C stops it; the same
    command goes on where it was. With --independent ordinary clients read both sides, which
    share no code with what copied: the proof against an error of the migrator itself.

    Ends with status 0 if every selected row was compared and is equal, if need be after its
    repair, and with 3 if not. The differences are kept in `_migrator.differences`.
    """
    wish = (tuple(database or ()), tuple(table or ()), repair, hide_values, rows_per_second)
    named = database or [one.partition(".")[0] for one in table or ()]

    async def compare(settings: Settings) -> Exit:
        from migrator.cli import verify as command
        from migrator.supervise.wish import Wish

        wanted = command.Wanted(Wish(*wish), json)
        if independent:
            return await command.verify_independently(settings, console, wanted)
        is_selected = settings.databases or settings.include
        return await command.verify(
            settings, console, wanted, lambda: load_settings(config, () if is_selected else named)
        )

    needs = (Server.SOURCE, Server.TARGET) if independent else (Server.TARGET,)
    run_command(compare, config, named if independent else None, debug=debug, needs=needs)


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
