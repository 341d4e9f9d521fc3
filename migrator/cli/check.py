"""What `check` prints."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from migrator.check.findings import Finding, Level
from migrator.check.preflight import preflight
from migrator.exit_codes import Exit
from migrator.mysql.wire.connection import SourceUrl, connect
from migrator.settings import Settings
from migrator.state.store import State

COLOURS = {Level.FAIL: "red", Level.WARN: "yellow", Level.OK: "green"}


async def check(settings: Settings, console: Console) -> Exit:
    """Print every finding with its fix; raises `SourceError` if the source does not answer."""
    source_url = SourceUrl.parse(settings.source_url.get_secret_value())
    async with (
        await connect(source_url) as source,
        State.connect(settings, "check") as state,
    ):
        findings = await preflight(source, state, settings)
    for line in finding_lines(findings):
        console.print(line, soft_wrap=True)
    counts = {level: sum(one.level is level for one in findings) for level in Level}
    failed, warned = counts[Level.FAIL], counts[Level.WARN]
    console.print(f"\n{failed} failed, {warned} warning{'s' * (warned != 1)}.")
    return Exit.FAILED if counts[Level.FAIL] else Exit.COMPLETE


def finding_lines(findings: Sequence[Finding]) -> list[str]:
    """The findings, failures first; each fix on a line of its own, to be copied."""
    lines = []
    for level in Level:
        for finding in (one for one in findings if one.level is level):
            colour = COLOURS[level]
            lines.append(f"[{colour}]{level:<4}[/]  {escape(f'{finding.subject}: {finding.what}')}")
            if finding.fix:
                lines.append(f"      [bold]{escape(finding.fix)}[/]")
    return lines
