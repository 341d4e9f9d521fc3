"""`jobs`: the schedule, and running a job now."""

from typing import Annotated

import typer
from rich.table import Table

from service.app import new_cron
from service.cli.terminal import console, read_settings, run
from service.database.upgrade import of_newest_schema

jobs_cli = typer.Typer(
    help="The cron jobs: what runs when, and running one now.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@jobs_cli.command("list")
def list_jobs() -> None:
    """Show each job with its spec and the next time it runs."""
    settings = read_settings()
    table = Table("job", "spec", "next run", "what it does")
    for job in new_cron(settings).jobs():
        local = job.next_run_at.astimezone(settings.time_zone)
        table.add_row(job.name, job.spec, f"{local:%Y-%m-%d %H:%M %Z}", job.description)
    console.print(table)


@jobs_cli.command("run")
def run_job(name: Annotated[str, typer.Argument(help="As `jobs list` shows it.")]) -> None:
    """Run one job now, outside the schedule, and print its outcome."""
    settings = read_settings()

    async def work() -> tuple[str, object]:
        async with of_newest_schema(settings.database_url, settings.database_pool_size):
            done = await new_cron(settings).run_now(name)
            return done.outcome.value, done.result or done.error

    outcome, result = run(work())
    console.print(f"{name} {outcome}:", result, markup=False, soft_wrap=True)
    if outcome != "succeeded":
        raise typer.Exit(1)
