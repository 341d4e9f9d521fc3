"""What `status` prints."""

from rich.console import Console

from migrator.exit_codes import Exit
from migrator.observe.observer import Observer
from migrator.observe.progress import Observation, progress
from migrator.observe.reports import HalfState, Role
from migrator.observe.summary import detail_lines, is_complete
from migrator.observe.terminal import rendered
from migrator.settings import Settings
from migrator.state.store import State


async def show_status(settings: Settings, console: Console) -> Exit:
    """Print what the live display would show now, and where each partition stands."""
    async with (
        State.connect(settings, "status") as state,
        Observer(settings, state) as observer,
    ):
        seen = await observer.observe()
    if not seen.landed:
        console.print(
            f"No migration is recorded in {settings.state_database} yet. `python -m migrator run` "
            "begins one."
        )
        return Exit.INCOMPLETE
    console.print(rendered(progress([seen]), halves_of(seen), console.size.height))
    for line in detail_lines(seen, settings.state_database):
        console.print(line, markup=False, soft_wrap=True)
    return Exit.COMPLETE if is_complete(seen) else Exit.INCOMPLETE


def halves_of(seen: Observation) -> tuple[HalfState, ...]:
    """The halves that report, on whichever machines they run."""
    reports = ((Role.CAPTURE, seen.capture), (Role.APPLY, seen.apply))
    return tuple(HalfState(role, report.pid, 0) for role, report in reports if report)
